import { beforeEach, describe, expect, it } from 'vitest';
import { Failure, formatAmount } from '../core/index.ts';
import { CUSTOMER, Exchange, UNIT } from './testing/exchange.ts';

let exchange: Exchange;
beforeEach(async () => {
  exchange = await Exchange.open();
  await exchange.rate('+49', 0.6);
});

const ended = () => exchange.calls.filter(({ endedAt }) => endedAt !== null);
const charges = () => [...exchange.ledger.charges.values()];

describe('a call that is paid for', () => {
  beforeEach(() => exchange.give(100));

  it('is settled by the seconds that it has lasted, in the commit of its last event', async () => {
    const far = await exchange.talk();
    await exchange.clock.advance(90_001);
    expect(exchange.money.balance).toBe(100);
    far.farEndHangsUp();
    await exchange.seconds(0);
    expect(exchange.money).toEqual({ balance: 99.09, reserved: 0, spent: 0.91 });
    const last = exchange.ledger.commits.filter(({ call }) => call).at(-1);
    expect(last).toMatchObject({
      call: { status: 'completed', costAmount: 910_000, costCurrency: 'EUR' },
      events: [{ event: 'call.completed', data: { cost_amount: '0.91', cost_currency: 'EUR' } }],
      billing: { charges: [{ status: 'settled', amount: 910_000, billedSeconds: 91 }] },
    });
  });

  it('holds money a while ahead, not for hours', async () => {
    await exchange.talk();
    await exchange.seconds(1);
    expect(exchange.money.reserved).toBeGreaterThanOrEqual(0.01);
    await exchange.seconds(600);
    expect(exchange.money.reserved).toBeGreaterThan(6);
    expect(exchange.money.reserved).toBeLessThan(6.4);
  });

  it('costs nothing when nobody answers', async () => {
    await exchange.place('+4930123', { pause: { seconds: 1 } });
    exchange.dialled[0]?.farEndRefuses('busy', 486);
    await exchange.seconds(0);
    expect(exchange.money).toEqual({ balance: 100, reserved: 0, spent: 0 });
    expect(charges()).toMatchObject([{ status: 'released', amount: 0, billedSeconds: 0 }]);
    expect(ended()).toMatchObject([{ reason: 'busy', costAmount: 0, costCurrency: 'EUR' }]);
  });

  it('reserves nothing when it cannot be written and so does not come about', async () => {
    const { ledger } = exchange;
    const commit = ledger.commit.bind(ledger);
    ledger.commit = async (change) => {
      if (change.refusable) throw new Failure('overloaded', 'the database cannot be written at present');
      await commit(change);
    };
    await expect(exchange.place('+4930123')).rejects.toThrow('cannot be written');
    await exchange.seconds(60);
    expect(exchange.money).toEqual({ balance: 100, reserved: 0, spent: 0 });
    expect(charges()).toEqual([]);
  });

  it('keeps the price that it began with', async () => {
    const far = await exchange.talk();
    await exchange.rate('+49', 60);
    await exchange.seconds(60);
    far.farEndHangsUp();
    await exchange.seconds(0);
    expect(exchange.money.spent).toBe(0.6);
  });

  it('tells its timeline of the reservation and the settlement', async () => {
    const far = await exchange.talk();
    await exchange.seconds(10);
    far.farEndHangsUp();
    await exchange.seconds(0);
    const lines = exchange.ledger.commits.flatMap(({ timeline = [] }) => timeline);
    const common = { leg_id: far.id, destination: '+4930123', prefix: '+49', currency: 'EUR' };
    expect(lines.filter(({ kind }) => kind === 'billing').map(({ data }) => data)).toEqual([
      { ...common, price_per_minute: '0.60', status: 'reserved', amount: '0.01' },
      { ...common, price_per_minute: '0.60', status: 'settled', amount: '0.10', billed_seconds: 10 },
    ]);
  });
});

describe('when the money runs out in mid-call', () => {
  it('the call is cut as its last paid second ends', async () => {
    await exchange.give(0.45);
    await exchange.talk();
    await exchange.clock.advance(44_999);
    expect(ended()).toEqual([]);
    await exchange.clock.advance(1);
    expect(ended()).toMatchObject([
      {
        status: 'failed',
        reason: 'balance_exhausted',
        endedBy: 'system',
        error: { code: 'balance_exhausted', message: expect.stringContaining('used up') },
        costAmount: 450_000,
      },
    ]);
    expect(exchange.dialled[0]?.seen).toContain('hung up');
    expect(exchange.money).toEqual({ balance: 0, reserved: 0, spent: 0.45 });
  });

  it('so it is by the spend limit', async () => {
    await exchange.give(100);
    await exchange.billing.setLimits(CUSTOMER, { spendLimit: 0.25 * UNIT });
    await exchange.talk();
    await exchange.seconds(26);
    expect(ended()).toMatchObject([{ reason: 'balance_exhausted', costAmount: 250_000 }]);
  });

  it('a spend limit of a day lets calls be placed again the next day', async () => {
    await exchange.give(100);
    await exchange.billing.setLimits(CUSTOMER, { spendLimit: 0.25 * UNIT, spendPeriod: 'day' });
    await exchange.talk();
    await exchange.seconds(26);
    await expect(exchange.talk()).rejects.toMatchObject({ code: 'spend_control_exceeded' });
    await exchange.seconds(24 * 3600);
    await exchange.talk();
    expect(exchange.money).toMatchObject({ balance: 99.75, spent: 0 });
  });

  it('money that is given meanwhile lets it go on', async () => {
    await exchange.give(0.1);
    const far = await exchange.talk();
    await exchange.seconds(9);
    await exchange.give(1);
    await exchange.seconds(11);
    expect(ended()).toEqual([]);
    far.farEndHangsUp();
    await exchange.seconds(0);
    expect(exchange.money).toEqual({ balance: 0.9, reserved: 0, spent: 0.2 });
  });

  it('of two calls both may use what is there, and no more', async () => {
    await exchange.give(0.6);
    await exchange.talk('+49301');
    await exchange.talk('+49302');
    await exchange.seconds(120);
    expect(ended()).toHaveLength(2);
    const costs = ended().map(({ costAmount }) => costAmount ?? 0);
    expect(formatAmount(costs[0]! + costs[1]!)).toBe('0.60');
    expect(exchange.money).toEqual({ balance: 0, reserved: 0, spent: 0.6 });
  });

  it('a bridged leg takes its call along', async () => {
    await exchange.give(0.1);
    const caller = exchange.arrive(
      { bridge: { destination: '+4930123', continue_after: true } },
      { pause: { seconds: 9 } },
    );
    await exchange.seconds(1);
    exchange.dialled[0]?.farEndAnswers();
    await exchange.clock.advance(9_999);
    expect(ended()).toEqual([]);
    await exchange.clock.advance(1);
    expect(ended()).toMatchObject([
      { direction: 'inbound', reason: 'balance_exhausted', costAmount: 100_000 },
    ]);
    expect(caller.seen).toContain('hung up');
  });
});

describe('a bridged leg', () => {
  it('is refused like any other, and the flow goes on', async () => {
    await exchange.give(0.001);
    exchange.arrive({ bridge: { destination: '+4930123' } }, { pause: { seconds: 1 } });
    await exchange.seconds(0);
    expect(exchange.dialled).toHaveLength(0);
    await exchange.seconds(2);
    const failed = exchange.ledger.commits
      .flatMap(({ timeline = [] }) => timeline)
      .find(({ data }) => data['status'] === 'failed');
    expect(failed?.data).toMatchObject({ type: 'bridge', error: { code: 'insufficient_balance' } });
    expect(ended()).toMatchObject([{ status: 'completed' }]);
  });

  it('is settled when it ends, and its call is told the sum of all in the end', async () => {
    await exchange.give(10);
    const bridge = (destination: string) => ({ bridge: { destination, continue_after: true } });
    exchange.arrive(bridge('+49301'), bridge('+49302'), { pause: { seconds: 5 } });
    for (const seconds of [10, 20]) {
      await exchange.seconds(0);
      exchange.dialled.at(-1)?.farEndAnswers();
      await exchange.seconds(seconds);
      exchange.dialled.at(-1)?.farEndHangsUp();
      await exchange.seconds(0);
    }
    expect(exchange.money).toEqual({ balance: 9.7, reserved: 0, spent: 0.3 });
    expect(charges().map(({ status, amount }) => [status, amount])).toEqual([
      ['settled', 100_000],
      ['settled', 200_000],
    ]);
    await exchange.seconds(5);
    expect(ended()).toMatchObject([{ status: 'completed', costAmount: 300_000 }]);
  });

  it('of a call that we have placed is paid for beside the first one', async () => {
    await exchange.give(10);
    await exchange.place('+49301', { bridge: { destination: '+49302' } });
    exchange.dialled[0]?.farEndAnswers();
    await exchange.seconds(5);
    exchange.dialled[1]?.farEndAnswers();
    await exchange.seconds(10);
    exchange.dialled[1]?.farEndHangsUp();
    await exchange.seconds(0);
    expect(ended()).toMatchObject([{ status: 'completed', costAmount: 250_000 }]);
    expect(exchange.money).toEqual({ balance: 9.75, reserved: 0, spent: 0.25 });
  });
});

describe('the operator', () => {
  it('cannot take what is reserved', async () => {
    await exchange.give(1);
    await exchange.talk();
    await exchange.seconds(1);
    const { reserved } = exchange.money;
    await expect(exchange.give(-1)).rejects.toMatchObject({ code: 'insufficient_balance' });
    await exchange.give(reserved - 1);
    expect(exchange.money.balance).toBeCloseTo(reserved, 6);
  });

  it.each([
    ['the balance would be too large to be exact', 9_000_000_000],
    ['it is reserved, or more than there is', -9_000_000_000],
  ])('books nothing when an adjustment is refused: %s', async (_, units) => {
    await exchange.give(100_000_000);
    await expect(exchange.give(units)).rejects.toBeInstanceOf(Failure);
    expect(exchange.money.balance).toBe(100_000_000);
    expect(exchange.ledger.given).toHaveLength(1);
    exchange = await Exchange.restart(exchange);
    expect(exchange.money.balance).toBe(100_000_000);
  });

  it('begins no billing with an adjustment that is refused', async () => {
    await expect(exchange.give(9_100_000_000)).rejects.toMatchObject({ code: 'invalid_request' });
    expect([...exchange.ledger.accounts.values()]).toEqual([]);
  });

  it('cannot change the currency of a customer', async () => {
    await exchange.give(1);
    const adjustment = { amount: UNIT, currency: 'USD', note: '' };
    await expect(exchange.billing.adjust(CUSTOMER, adjustment)).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('has given nothing where it could not be written', async () => {
    await exchange.give(1);
    exchange.ledger.broken = true;
    await expect(exchange.give(1)).rejects.toThrow('disk');
    await expect(exchange.give(-1)).rejects.toThrow('disk');
    expect(exchange.money.balance).toBe(1);
  });

  it('loses nothing of what is done at the same time', async () => {
    const limit = (but: object) => exchange.billing.setLimits(CUSTOMER, but);
    await Promise.all([
      exchange.give(1),
      limit({ callsPerSecond: 3 }),
      exchange.give(2),
      limit({ concurrentCalls: 4 }),
    ]);
    expect(exchange.money.balance).toBe(3);
    expect([...exchange.ledger.accounts.values()]).toMatchObject([
      { billing: true, callsPerSecond: 3, concurrentCalls: 4 },
    ]);
    const [first, second] = await Promise.all([exchange.rate('+33', 1), exchange.rate('+33', 2)]);
    expect(second.id).toBe(first.id);
  });

  it('may stop billing a customer', async () => {
    await exchange.give(0.01);
    await exchange.billing.setLimits(CUSTOMER, { billing: false });
    await exchange.talk();
    await exchange.seconds(60);
    expect(ended()).toEqual([]);
  });
});
