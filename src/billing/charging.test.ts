import { beforeEach, describe, expect, it } from 'vitest';
import { Failure, formatAmount } from '../core/index.ts';
import { BillingHarness, CUSTOMER, UNIT } from './testing/harness.ts';

let harness: BillingHarness;
beforeEach(async () => {
  harness = await BillingHarness.open();
  await harness.rate('+49', 0.6);
});

const ended = () => harness.calls.filter(({ endedAt }) => endedAt !== null);
const charges = () => [...harness.ledger.charges.values()];

describe('a charged call', () => {
  beforeEach(() => harness.credit(100));

  it('is settled by its duration, in the commit of its last event', async () => {
    const far = await harness.connect();
    await harness.clock.advance(90_001);
    expect(harness.money.balance).toBe(100);
    far.farEndHangsUp();
    await harness.seconds(0);
    expect(harness.money).toEqual({ balance: 99.09, reserved: 0, spent: 0.91 });
    const last = harness.ledger.commits.filter(({ call }) => call).at(-1);
    expect(last).toMatchObject({
      call: { status: 'completed', costAmount: 910_000, costCurrency: 'EUR' },
      events: [{ event: 'call.completed', data: { cost_amount: '0.91', cost_currency: 'EUR' } }],
      billing: { charges: [{ status: 'settled', amount: 910_000, billedSeconds: 91 }] },
    });
  });

  it('reserves money for the next half minute, not for hours', async () => {
    await harness.connect();
    await harness.seconds(1);
    expect(harness.money.reserved).toBeGreaterThanOrEqual(0.01);
    await harness.seconds(600);
    expect(harness.money.reserved).toBeGreaterThan(6);
    expect(harness.money.reserved).toBeLessThan(6.4);
  });

  it('costs nothing when it is not answered', async () => {
    await harness.place('+4930123', { pause: { seconds: 1 } });
    harness.dialed[0]?.farEndRefuses('busy', 486);
    await harness.seconds(0);
    expect(harness.money).toEqual({ balance: 100, reserved: 0, spent: 0 });
    expect(charges()).toMatchObject([{ status: 'released', amount: 0, billedSeconds: 0 }]);
    expect(ended()).toMatchObject([{ reason: 'busy', costAmount: 0, costCurrency: 'EUR' }]);
  });

  it('releases its reservation when it cannot be written and so does not begin', async () => {
    const { ledger } = harness;
    const commit = ledger.commit.bind(ledger);
    ledger.commit = async (change) => {
      if (change.refusable) throw new Failure('overloaded', 'the database cannot be written at present');
      await commit(change);
    };
    await expect(harness.place('+4930123')).rejects.toThrow('cannot be written');
    await harness.seconds(60);
    expect(harness.money).toEqual({ balance: 100, reserved: 0, spent: 0 });
    expect(charges()).toEqual([]);
  });

  it('keeps the price that it began with', async () => {
    const far = await harness.connect();
    await harness.rate('+49', 60);
    await harness.seconds(60);
    far.farEndHangsUp();
    await harness.seconds(0);
    expect(harness.money.spent).toBe(0.6);
  });

  it('records the reservation and the settlement in its timeline', async () => {
    const far = await harness.connect();
    await harness.seconds(10);
    far.farEndHangsUp();
    await harness.seconds(0);
    const lines = harness.ledger.commits.flatMap(({ timeline = [] }) => timeline);
    const common = { leg_id: far.id, destination: '+4930123', prefix: '+49', currency: 'EUR' };
    expect(lines.filter(({ kind }) => kind === 'billing').map(({ data }) => data)).toEqual([
      { ...common, price_per_minute: '0.60', status: 'reserved', amount: '0.01' },
      { ...common, price_per_minute: '0.60', status: 'settled', amount: '0.10', billed_seconds: 10 },
    ]);
  });
});

describe('when the money runs out during a call', () => {
  it('ends the call at the end of its last paid second', async () => {
    await harness.credit(0.45);
    await harness.connect();
    await harness.clock.advance(44_999);
    expect(ended()).toEqual([]);
    await harness.clock.advance(1);
    expect(ended()).toMatchObject([
      {
        status: 'failed',
        reason: 'balance_exhausted',
        endedBy: 'system',
        error: { code: 'balance_exhausted', message: expect.stringContaining('used up') },
        costAmount: 450_000,
      },
    ]);
    expect(harness.dialed[0]?.seen).toContain('hung up');
    expect(harness.money).toEqual({ balance: 0, reserved: 0, spent: 0.45 });
  });

  it('ends the call when the spend limit is reached', async () => {
    await harness.credit(100);
    await harness.billing.setLimits(CUSTOMER, { spendLimit: 0.25 * UNIT });
    await harness.connect();
    await harness.seconds(26);
    expect(ended()).toMatchObject([{ reason: 'balance_exhausted', costAmount: 250_000 }]);
  });

  it('allows calls again on the next day with a daily spend limit', async () => {
    await harness.credit(100);
    await harness.billing.setLimits(CUSTOMER, { spendLimit: 0.25 * UNIT, spendPeriod: 'day' });
    await harness.connect();
    await harness.seconds(26);
    await expect(harness.connect()).rejects.toMatchObject({ code: 'spend_control_exceeded' });
    await harness.seconds(24 * 3600);
    await harness.connect();
    expect(harness.money).toMatchObject({ balance: 99.75, spent: 0 });
  });

  it('continues the call when money is added in time', async () => {
    await harness.credit(0.1);
    const far = await harness.connect();
    await harness.seconds(9);
    await harness.credit(1);
    await harness.seconds(11);
    expect(ended()).toEqual([]);
    far.farEndHangsUp();
    await harness.seconds(0);
    expect(harness.money).toEqual({ balance: 0.9, reserved: 0, spent: 0.2 });
  });

  it('lets two calls share the balance, and spend no more than that', async () => {
    await harness.credit(0.6);
    await harness.connect('+49301');
    await harness.connect('+49302');
    await harness.seconds(120);
    expect(ended()).toHaveLength(2);
    const costs = ended().map(({ costAmount }) => costAmount ?? 0);
    expect(formatAmount(costs[0]! + costs[1]!)).toBe('0.60');
    expect(harness.money).toEqual({ balance: 0, reserved: 0, spent: 0.6 });
  });

  it('ends the whole call of a bridged leg', async () => {
    await harness.credit(0.1);
    const caller = harness.arrive(
      { bridge: { destination: '+4930123', continue_after: true } },
      { pause: { seconds: 9 } },
    );
    await harness.seconds(1);
    harness.dialed[0]?.farEndAnswers();
    await harness.clock.advance(9_999);
    expect(ended()).toEqual([]);
    await harness.clock.advance(1);
    expect(ended()).toMatchObject([
      { direction: 'inbound', reason: 'balance_exhausted', costAmount: 100_000 },
    ]);
    expect(caller.seen).toContain('hung up');
  });
});

describe('a bridged leg', () => {
  it('is refused like any other leg, and the flow continues', async () => {
    await harness.credit(0.001);
    harness.arrive({ bridge: { destination: '+4930123' } }, { pause: { seconds: 1 } });
    await harness.seconds(0);
    expect(harness.dialed).toHaveLength(0);
    await harness.seconds(2);
    const failed = harness.ledger.commits
      .flatMap(({ timeline = [] }) => timeline)
      .find(({ data }) => data['status'] === 'failed');
    expect(failed?.data).toMatchObject({ type: 'bridge', error: { code: 'insufficient_balance' } });
    expect(ended()).toMatchObject([{ status: 'completed' }]);
  });

  it('is settled when it ends, and its call reports the sum of all legs', async () => {
    await harness.credit(10);
    const bridge = (destination: string) => ({ bridge: { destination, continue_after: true } });
    harness.arrive(bridge('+49301'), bridge('+49302'), { pause: { seconds: 5 } });
    for (const seconds of [10, 20]) {
      await harness.seconds(0);
      harness.dialed.at(-1)?.farEndAnswers();
      await harness.seconds(seconds);
      harness.dialed.at(-1)?.farEndHangsUp();
      await harness.seconds(0);
    }
    expect(harness.money).toEqual({ balance: 9.7, reserved: 0, spent: 0.3 });
    expect(charges().map(({ status, amount }) => [status, amount])).toEqual([
      ['settled', 100_000],
      ['settled', 200_000],
    ]);
    await harness.seconds(5);
    expect(ended()).toMatchObject([{ status: 'completed', costAmount: 300_000 }]);
  });

  it('of an outbound call is charged in addition to the first leg', async () => {
    await harness.credit(10);
    await harness.place('+49301', { bridge: { destination: '+49302' } });
    harness.dialed[0]?.farEndAnswers();
    await harness.seconds(5);
    harness.dialed[1]?.farEndAnswers();
    await harness.seconds(10);
    harness.dialed[1]?.farEndHangsUp();
    await harness.seconds(0);
    expect(ended()).toMatchObject([{ status: 'completed', costAmount: 250_000 }]);
    expect(harness.money).toEqual({ balance: 9.75, reserved: 0, spent: 0.25 });
  });
});

describe('the operator', () => {
  it('cannot take reserved money', async () => {
    await harness.credit(1);
    await harness.connect();
    await harness.seconds(1);
    const { reserved } = harness.money;
    await expect(harness.credit(-1)).rejects.toMatchObject({ code: 'insufficient_balance' });
    await harness.credit(reserved - 1);
    expect(harness.money.balance).toBeCloseTo(reserved, 6);
  });

  it.each([
    ['the balance would be too large to be exact', 9_000_000_000],
    ['the amount is reserved, or more than the balance', -9_000_000_000],
  ])('writes nothing when an adjustment is refused: %s', async (_, units) => {
    await harness.credit(100_000_000);
    await expect(harness.credit(units)).rejects.toBeInstanceOf(Failure);
    expect(harness.money.balance).toBe(100_000_000);
    expect(harness.ledger.adjustmentRows).toHaveLength(1);
    harness = await BillingHarness.restart(harness);
    expect(harness.money.balance).toBe(100_000_000);
  });

  it('starts no billing with a refused adjustment', async () => {
    await expect(harness.credit(9_100_000_000)).rejects.toMatchObject({ code: 'invalid_request' });
    expect([...harness.ledger.accounts.values()]).toEqual([]);
  });

  it('cannot change the currency of a customer', async () => {
    await harness.credit(1);
    const adjustment = { amount: UNIT, currency: 'USD', note: '' };
    await expect(harness.billing.adjust(CUSTOMER, adjustment)).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('changes no balance when the adjustment cannot be written', async () => {
    await harness.credit(1);
    harness.ledger.broken = true;
    await expect(harness.credit(1)).rejects.toThrow('disk');
    await expect(harness.credit(-1)).rejects.toThrow('disk');
    expect(harness.money.balance).toBe(1);
  });

  it('loses no change when changes run at the same time', async () => {
    const limit = (changes: object) => harness.billing.setLimits(CUSTOMER, changes);
    await Promise.all([
      harness.credit(1),
      limit({ callsPerSecond: 3 }),
      harness.credit(2),
      limit({ concurrentCalls: 4 }),
    ]);
    expect(harness.money.balance).toBe(3);
    expect([...harness.ledger.accounts.values()]).toMatchObject([
      { billing: true, callsPerSecond: 3, concurrentCalls: 4 },
    ]);
    const [first, second] = await Promise.all([harness.rate('+33', 1), harness.rate('+33', 2)]);
    expect(second.id).toBe(first.id);
  });

  it('can stop billing a customer', async () => {
    await harness.credit(0.01);
    await harness.billing.setLimits(CUSTOMER, { billing: false });
    await harness.connect();
    await harness.seconds(60);
    expect(ended()).toEqual([]);
  });
});
