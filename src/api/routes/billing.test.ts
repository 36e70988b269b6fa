import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { billedDialer } from '../../billing/index.ts';
import { SimulatedDialedLeg } from '../../calls/testing/simulated-leg.ts';
import { aCall } from '../../storage/testing/records.ts';
import type { ApiDeps } from '../index.ts';
import {
  ADMIN_TOKEN,
  type SeededCustomer,
  seedCustomer,
  startTestServer,
  type TestServer,
} from '../testing/test-server.ts';

let server: TestServer;
let ours: SeededCustomer;

/** Dials with billing, but without SIP. */
const place: ApiDeps['place'] = async ({ customerId }, { to: destination, from }) => {
  const { clock, billing } = server;
  const dialer = billedDialer(
    { check() {}, dial: async (request) => new SimulatedDialedLeg(clock, request) },
    billing,
  );
  const { signal } = new AbortController();
  await dialer.dial({ destination, from, customerId, timeoutMs: 1000, signal });
  throw new Error('the call was dialed');
};

beforeEach(async () => {
  server = await startTestServer({}, { place });
  ours = await seedCustomer(server, 'Ours', '+15550100001');
});
afterEach(() => server.close());

const admin = (method: string, path: string, body?: object) =>
  server.request(method, `/admin/v1${path}`, ADMIN_TOKEN, body);
const customer = (path: string) => `/customers/${ours.customer.id}${path}`;

describe('the balance', () => {
  it('is the sum of all adjustments', async () => {
    const created = await admin('POST', customer('/balance-adjustments'), {
      amount: '12.50',
      note: 'welcome',
    });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ amount: '12.50', currency: 'EUR', note: 'welcome' });
    await admin('POST', customer('/balance-adjustments'), { amount: '-2.25' });
    expect((await admin('GET', customer('/balance'))).body).toEqual({
      customer_id: ours.customer.id,
      currency: 'EUR',
      billing: true,
      balance: '10.25',
      reserved: '0.00',
      available: '10.25',
      spent: '0.00',
    });
    const list = await admin('GET', customer('/balance-adjustments'));
    expect(list.body.data.map(({ amount }: { amount: string }) => amount)).toEqual(['-2.25', '12.50']);
  });

  it('lists adjustments in pages', async () => {
    for (const amount of ['1', '2', '3']) await admin('POST', customer('/balance-adjustments'), { amount });
    const first = await admin('GET', customer('/balance-adjustments?limit=2'));
    const next = encodeURIComponent(first.body.next_cursor);
    const second = await admin('GET', customer(`/balance-adjustments?limit=2&cursor=${next}`));
    const amounts = [...first.body.data, ...second.body.data].map(({ amount }) => amount);
    expect(amounts).toEqual(['3.00', '2.00', '1.00']);
    expect(second.body.next_cursor).toBeNull();
  });

  it('rejects an adjustment that would make the balance negative', async () => {
    const response = await admin('POST', customer('/balance-adjustments'), { amount: '-0.01' });
    expect(response.status).toBe(402);
    expect(response.body.error.code).toBe('insufficient_balance');
  });

  it.each([{ amount: '1.0000001' }, { amount: 5 }, { amount: '1', currency: 'euro' }, {}])(
    'rejects the adjustment %j',
    async (body) => {
      const response = await admin('POST', customer('/balance-adjustments'), body);
      expect(response.status).toBe(400);
      expect(response.body.error.code).toBe('invalid_request');
    },
  );

  it('responds with 404 for an unknown customer', async () => {
    const response = await admin('POST', '/customers/cust_none/balance-adjustments', { amount: '1' });
    expect(response.status).toBe(404);
    expect(response.body.error.code).toBe('customer_not_found');
  });
});

describe('limits', () => {
  const none = {
    billing: false,
    currency: 'EUR',
    spend_limit: null,
    spend_period: 'month',
    calls_per_second: null,
    concurrent_calls: null,
  };

  it('start unlimited, and change only in the given fields', async () => {
    expect((await admin('GET', customer('/limits'))).body).toMatchObject(none);
    await admin('POST', customer('/limits'), { spend_limit: '100', calls_per_second: 5 });
    const changed = { ...none, spend_limit: '100.00', calls_per_second: 5 };
    expect((await admin('GET', customer('/limits'))).body).toMatchObject(changed);
    await admin('POST', customer('/limits'), { spend_limit: null, spend_period: 'day', billing: true });
    const changedAgain = { ...changed, spend_limit: null, spend_period: 'day', billing: true };
    expect((await admin('GET', customer('/limits'))).body).toMatchObject(changedAgain);
  });

  it('keep the currency that was set first', async () => {
    await admin('POST', customer('/limits'), { currency: 'USD' });
    const response = await admin('POST', customer('/balance-adjustments'), { amount: '1', currency: 'EUR' });
    expect(response.status).toBe(400);
    expect(response.body.error.message).toContain('USD');
  });
});

describe('rates', () => {
  const rate = { prefix: '+49', price_per_minute: '0.019' };

  it('are set for all customers and for one customer', async () => {
    const common = await admin('POST', '/rates', rate);
    expect(common.status).toBe(201);
    expect(common.body).toMatchObject({
      customer_id: null,
      prefix: '+49',
      price_per_minute: '0.019',
      first_increment_seconds: 1,
      further_increment_seconds: 1,
    });
    const own = await admin('POST', customer('/rates'), { ...rate, first_increment_seconds: 60 });
    expect(own.body).toMatchObject({ customer_id: ours.customer.id, first_increment_seconds: 60 });
    expect((await admin('GET', '/rates')).body.data).toEqual([common.body]);
    expect((await admin('GET', customer('/rates'))).body.data).toEqual([own.body]);
  });

  it('replace the existing rate of the prefix', async () => {
    const first = await admin('POST', '/rates', rate);
    const second = await admin('POST', '/rates', { ...rate, price_per_minute: '0.02' });
    expect(second.body.id).toBe(first.body.id);
    expect((await admin('GET', '/rates')).body.data).toMatchObject([{ price_per_minute: '0.02' }]);
  });

  it('are deleted once', async () => {
    const { body } = await admin('POST', '/rates', rate);
    expect((await admin('DELETE', `/rates/${body.id}`)).status).toBe(204);
    expect((await admin('DELETE', `/rates/${body.id}`)).status).toBe(404);
    expect((await admin('GET', '/rates')).body.count).toBe(0);
  });

  it.each(['49', '+49x', 'tel:+49', ''])('reject the prefix %j', async (prefix) => {
    expect((await admin('POST', '/rates', { ...rate, prefix })).status).toBe(400);
  });
});

describe('a call that must not be placed', () => {
  const order = { from: '+15550100001', to: '+4930123', actions: [] };
  const expectRefused = async (status: number, code: string) => {
    const response = await server.request('POST', '/v1/calls', ours.key, order);
    expect(response.status).toBe(status);
    expect(response.body.error.code).toBe(code);
    return response;
  };

  it('is refused with the code of the limit that forbids it', async () => {
    await admin('POST', customer('/limits'), { billing: true, spend_limit: '0', concurrent_calls: 0 });
    await expectRefused(403, 'spend_control_exceeded');
    await admin('POST', customer('/limits'), { spend_limit: '5' });
    await expectRefused(402, 'insufficient_balance');
    await admin('POST', customer('/balance-adjustments'), { amount: '1' });
    await expectRefused(400, 'rate_not_found');
    await admin('POST', '/rates', { prefix: '+49', price_per_minute: '0.02' });
    await expectRefused(429, 'concurrent_call_limit_reached');
    await admin('POST', customer('/limits'), { calls_per_second: 0 });
    const tooFast = await expectRefused(429, 'cps_limit_reached');
    expect(tooFast.headers['retry-after']).toBe('1');
  });
});

describe('usage', () => {
  it('sums up the calls of the application in a period', async () => {
    const start = server.clock.now();
    const second = (count: number) => start + count * 1000;
    const owner = { customerId: ours.customer.id, applicationId: ours.application.id };
    const callOf = (fields: object) => aCall(server.storage.ids.next('call'), { ...owner, ...fields });
    const completed = { status: 'completed' as const, costCurrency: 'EUR' };
    for (const call of [
      callOf({
        ...completed,
        createdAt: second(1),
        answeredAt: second(2),
        endedAt: second(62) + 999,
        costAmount: 20_000,
      }),
      callOf({
        ...completed,
        createdAt: second(3),
        answeredAt: second(4),
        endedAt: second(9),
        costAmount: 1,
      }),
      callOf({ ...completed, createdAt: second(5), endedAt: second(6), costAmount: 0 }),
      callOf({ createdAt: second(7) }),
      callOf({
        ...completed,
        createdAt: second(100),
        answeredAt: second(100),
        endedAt: second(200),
        costAmount: 5,
      }),
      callOf({ ...completed, createdAt: second(1), applicationId: 'app_of_another_customer', costAmount: 7 }),
    ]) {
      await server.storage.commit({ call });
    }
    const at = (count: number) => new Date(second(count)).toISOString();
    const response = await server.request('GET', `/v1/usage?from=${at(1)}&to=${at(100)}`, ours.key);
    expect(response.body).toMatchObject({
      application_id: ours.application.id,
      summary: { calls: 4, billsec_seconds: 65, cost_amount: '0.020001', cost_currency: 'EUR' },
    });
  });

  it('covers the current month by default', async () => {
    const { body } = await server.request('GET', '/v1/usage', ours.key);
    expect(body).toMatchObject({ from: '2026-05-01T00:00:00Z', to: '2026-05-29T12:00:00Z' });
  });

  it('rejects a period that ends before it starts', async () => {
    const query = '?from=2026-05-02T00:00:00Z&to=2026-05-01T00:00:00Z';
    expect((await server.request('GET', `/v1/usage${query}`, ours.key)).status).toBe(400);
  });
});

it('returns the number, the start time and the load of the node', async () => {
  const { body } = await admin('GET', '/nodes');
  expect(body.data).toEqual([
    {
      node: 7,
      version: '1.2.3',
      started_at: '2026-05-29T12:00:00Z',
      live_calls: server.live.size,
      media: { sessions: 2, beats: 300, late_beats: 1 },
    },
  ]);
});
