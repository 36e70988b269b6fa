import { beforeEach, describe, expect, it } from 'vitest';
import type { Account } from './index.ts';
import { CUSTOMER, Exchange, UNIT } from './testing/exchange.ts';

let exchange: Exchange;
beforeEach(async () => {
  exchange = await Exchange.open();
});

const limit = (limits: Partial<Account>) => exchange.billing.setLimits(CUSTOMER, limits);
const outcome = (to = '+4930123') =>
  exchange.place(to).then(
    () => 'placed',
    (error) => error.code as string,
  );

describe('a customer of whom nothing was said', () => {
  it('calls without being billed', async () => {
    await exchange.talk();
    await exchange.seconds(3600);
    exchange.dialled[0]?.farEndHangsUp();
    await exchange.seconds(0);
    expect(exchange.calls).toMatchObject([{ status: 'completed', costAmount: null, costCurrency: null }]);
    expect(exchange.ledger.charges.size).toBe(0);
  });

  it('needs no rate even where there are some', async () => {
    await exchange.rate('+1', 1);
    expect(await outcome()).toBe('placed');
  });
});

/** Everything that is wrong, in the order in which it is told: each row mends what the one before was told of. */
describe('of all that keeps a call from being placed, the first is told', () => {
  const troubles: [string, () => unknown][] = [
    ['spend_control_exceeded', () => limit({ spendLimit: UNIT })],
    ['insufficient_balance', () => exchange.give(10)],
    ['rate_not_found', () => exchange.rate('+49', 0.06)],
    ['no_active_trunk', () => (exchange.trunk = true)],
    ['cps_limit_reached', () => limit({ callsPerSecond: null })],
    ['concurrent_call_limit_reached', () => limit({ concurrentCalls: null })],
  ];

  it.each(troubles.map(([code], index) => ({ code, mended: index })))('$code', async ({ code, mended }) => {
    exchange.trunk = false;
    await limit({ billing: true, spendLimit: 0, callsPerSecond: 0, concurrentCalls: 0 });
    for (const [, mend] of troubles.slice(0, mended)) await mend();
    expect(await outcome()).toBe(code);
    expect(exchange.dialled).toHaveLength(0);
    expect(exchange.money.reserved).toBe(0);
  });

  it('and when all is mended, it is placed', async () => {
    await limit({ billing: true, spendLimit: 0, callsPerSecond: 0, concurrentCalls: 0 });
    for (const [, mend] of troubles) await mend();
    expect(await outcome()).toBe('placed');
  });
});

it('whoever is charged is not handed on by REFER, for which nobody would pay', async () => {
  expect(() => exchange.billing.checkRefer(CUSTOMER)).not.toThrow();
  await limit({ billing: true });
  expect(() => exchange.billing.checkRefer(CUSTOMER)).toThrow('cannot be charged');
});

describe('the first increment', () => {
  beforeEach(() => exchange.rate('+49', 0.6, 60, 60));

  it('must be affordable', async () => {
    await exchange.give(0.59);
    expect(await outcome()).toBe('insufficient_balance');
    await exchange.give(0.01);
    expect(await outcome()).toBe('placed');
  });

  it('must be within the spend limit', async () => {
    await exchange.give(100);
    await limit({ spendLimit: 0.59 * UNIT });
    expect(await outcome()).toBe('spend_control_exceeded');
    await limit({ spendLimit: 0.6 * UNIT });
    expect(await outcome()).toBe('placed');
  });

  it('is held while the far end rings, so that a second call cannot have it', async () => {
    await exchange.give(1);
    expect(await outcome()).toBe('placed');
    expect(exchange.money).toMatchObject({ balance: 1, reserved: 0.6 });
    expect(await outcome()).toBe('insufficient_balance');
  });

  it('is given back when the line cannot be opened', async () => {
    await exchange.give(1);
    exchange.trunk = false;
    expect(await outcome()).toBe('no_active_trunk');
    expect(exchange.money).toMatchObject({ balance: 1, reserved: 0 });
  });
});

describe('what costs nothing', () => {
  beforeEach(() => limit({ billing: true }));

  it('a SIP URI needs neither money nor rate', async () => {
    expect(await outcome('sip:desk@example.com')).toBe('placed');
    expect(exchange.ledger.charges.size).toBe(0);
  });

  it('unless there is a rate for it', async () => {
    await exchange.rate('sip:', 0.06);
    expect(await outcome('sips:desk@example.com')).toBe('insufficient_balance');
  });

  it('a number that is free of charge needs no money', async () => {
    await exchange.rate('+49800', 0);
    expect(await outcome('+49800123')).toBe('placed');
    expect(await outcome('+4930123')).toBe('insufficient_balance');
  });
});

describe('limits on calls', () => {
  it('count without billing too: so many may begin in any second', async () => {
    await limit({ callsPerSecond: 2 });
    expect([await outcome(), await outcome(), await outcome()]).toEqual([
      'placed',
      'placed',
      'cps_limit_reached',
    ]);
    await exchange.clock.advance(999);
    expect(await outcome()).toBe('cps_limit_reached');
    await exchange.clock.advance(1);
    expect(await outcome()).toBe('placed');
  });

  it('so many may last at the same time, ringing ones too', async () => {
    await limit({ concurrentCalls: 1 });
    expect([await outcome(), await outcome()]).toEqual(['placed', 'concurrent_call_limit_reached']);
    exchange.dialled[0]?.farEndRefuses('busy', 486);
    await exchange.dialled[0]?.hangup();
    await exchange.seconds(0);
    expect(await outcome()).toBe('placed');
  });
});
