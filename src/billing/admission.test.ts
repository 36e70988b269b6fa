import { beforeEach, describe, expect, it } from 'vitest';
import type { Account } from './index.ts';
import { BillingHarness, CUSTOMER, UNIT } from './testing/harness.ts';

let harness: BillingHarness;
beforeEach(async () => {
  harness = await BillingHarness.open();
});

const limit = (limits: Partial<Account>) => harness.billing.setLimits(CUSTOMER, limits);
const outcome = (to = '+4930123') =>
  harness.place(to).then(
    () => 'placed',
    (error) => error.code as string,
  );

describe('a customer without an account', () => {
  it('makes calls without being billed', async () => {
    await harness.connect();
    await harness.seconds(3600);
    harness.dialed[0]?.farEndHangsUp();
    await harness.seconds(0);
    expect(harness.calls).toMatchObject([{ status: 'completed', costAmount: null, costCurrency: null }]);
    expect(harness.ledger.charges.size).toBe(0);
  });

  it('needs no rate even when rates exist', async () => {
    await harness.rate('+1', 1);
    expect(await outcome()).toBe('placed');
  });
});

/** Every obstacle, in the order in which errors report them; the function removes the obstacle. */
describe('of all obstacles to a call, the error reports the first', () => {
  const obstacles: [string, () => unknown][] = [
    ['spend_control_exceeded', () => limit({ spendLimit: UNIT })],
    ['insufficient_balance', () => harness.credit(10)],
    ['rate_not_found', () => harness.rate('+49', 0.06)],
    ['no_active_trunk', () => (harness.trunk = true)],
    ['cps_limit_reached', () => limit({ callsPerSecond: null })],
    ['concurrent_call_limit_reached', () => limit({ concurrentCalls: null })],
  ];

  it.each(obstacles.map(([code], index) => ({ code, removed: index })))(
    '$code',
    async ({ code, removed }) => {
      harness.trunk = false;
      await limit({ billing: true, spendLimit: 0, callsPerSecond: 0, concurrentCalls: 0 });
      for (const [, remove] of obstacles.slice(0, removed)) await remove();
      expect(await outcome()).toBe(code);
      expect(harness.dialed).toHaveLength(0);
      expect(harness.money.reserved).toBe(0);
    },
  );

  it('places the call when every obstacle is removed', async () => {
    await limit({ billing: true, spendLimit: 0, callsPerSecond: 0, concurrentCalls: 0 });
    for (const [, remove] of obstacles) await remove();
    expect(await outcome()).toBe('placed');
  });
});

it('refuses to transfer a billed customer by REFER, which could not be charged', async () => {
  expect(() => harness.billing.checkRefer(CUSTOMER)).not.toThrow();
  await limit({ billing: true });
  expect(() => harness.billing.checkRefer(CUSTOMER)).toThrow('cannot be charged');
});

describe('the first increment', () => {
  beforeEach(() => harness.rate('+49', 0.6, 60, 60));

  it('must be affordable', async () => {
    await harness.credit(0.59);
    expect(await outcome()).toBe('insufficient_balance');
    await harness.credit(0.01);
    expect(await outcome()).toBe('placed');
  });

  it('must be within the spend limit', async () => {
    await harness.credit(100);
    await limit({ spendLimit: 0.59 * UNIT });
    expect(await outcome()).toBe('spend_control_exceeded');
    await limit({ spendLimit: 0.6 * UNIT });
    expect(await outcome()).toBe('placed');
  });

  it('is reserved while the far end rings, so that a second call cannot use it', async () => {
    await harness.credit(1);
    expect(await outcome()).toBe('placed');
    expect(harness.money).toMatchObject({ balance: 1, reserved: 0.6 });
    expect(await outcome()).toBe('insufficient_balance');
  });

  it('is released when the leg cannot be dialed', async () => {
    await harness.credit(1);
    harness.trunk = false;
    expect(await outcome()).toBe('no_active_trunk');
    expect(harness.money).toMatchObject({ balance: 1, reserved: 0 });
  });
});

describe('a free destination', () => {
  beforeEach(() => limit({ billing: true }));

  it('needs neither money nor a rate if it is a SIP URI', async () => {
    expect(await outcome('sip:desk@example.com')).toBe('placed');
    expect(harness.ledger.charges.size).toBe(0);
  });

  it('needs money if the SIP URI has a rate', async () => {
    await harness.rate('sip:', 0.06);
    expect(await outcome('sips:desk@example.com')).toBe('insufficient_balance');
  });

  it('needs no money if the rate of the number is 0', async () => {
    await harness.rate('+49800', 0);
    expect(await outcome('+49800123')).toBe('placed');
    expect(await outcome('+4930123')).toBe('insufficient_balance');
  });
});

describe('limits on calls', () => {
  it('restrict how many legs begin in any second, without billing too', async () => {
    await limit({ callsPerSecond: 2 });
    expect([await outcome(), await outcome(), await outcome()]).toEqual([
      'placed',
      'placed',
      'cps_limit_reached',
    ]);
    await harness.clock.advance(999);
    expect(await outcome()).toBe('cps_limit_reached');
    await harness.clock.advance(1);
    expect(await outcome()).toBe('placed');
  });

  it('restrict how many legs exist at the same time, including ringing ones', async () => {
    await limit({ concurrentCalls: 1 });
    expect([await outcome(), await outcome()]).toEqual(['placed', 'concurrent_call_limit_reached']);
    harness.dialed[0]?.farEndRefuses('busy', 486);
    await harness.dialed[0]?.hangup();
    await harness.seconds(0);
    expect(await outcome()).toBe('placed');
  });
});
