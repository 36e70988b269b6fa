import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type SeededCustomer,
  seedCustomer,
  startTestServer,
  type TestServer,
} from '../testing/test-server.ts';

let server: TestServer;
let ours: SeededCustomer;

beforeEach(async () => {
  server = await startTestServer();
  ours = await seedCustomer(server, 'Ours', '+15550100001');
});
afterEach(() => server.close());

const place = (body: object, headers: object = {}) =>
  server.request('POST', '/v1/calls', ours.key, body, headers);
const order = { from: '+15550100001', to: '+15551234567' };

describe('POST /v1/calls', () => {
  it('places the call and returns it', async () => {
    const response = await place({
      ...order,
      metadata: { customer: 7 },
      record: true,
      variables: { step: 'one' },
    });
    expect(response.status).toBe(201);
    expect(response.body).toMatchObject({
      ...order,
      status: 'dialing',
      direction: 'outbound',
      application_id: ours.application.id,
      metadata: { customer: 7, record: true },
    });
    expect(server.placed[0]).toMatchObject({
      timeoutSeconds: 60,
      variables: { step: 'one' },
      actions: undefined,
    });
  });

  it('limits the variables as set_variable does', async () => {
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`v${n}`, 'x']));
    for (const variables of [many, { long: 'x'.repeat(4097) }, { ['n'.repeat(129)]: 'x' }]) {
      const response = await place({ ...order, variables });
      expect([response.status, response.body.error.code]).toEqual([400, 'invalid_request']);
    }
    expect(server.placed).toHaveLength(0);
  });

  it('ignores application_id: the call belongs to the application of the key', async () => {
    const response = await place({ ...order, application_id: 'app_of_another_customer' });
    expect(response.body.application_id).toBe(ours.application.id);
  });

  it('accepts actions and checks them like a document', async () => {
    await place({ ...order, actions: [{ say: { text: 'Hi' } }] });
    expect(server.placed[0]?.actions).toMatchObject([{ type: 'say', text: 'Hi' }]);
    const response = await place({ ...order, actions: [{ say: {} }, { dance: {} }] });
    expect(response.status).toBe(400);
    expect(response.body.error).toMatchObject({
      code: 'invalid_action_payload',
      details: [{ pointer: '/actions/0/say/text' }, { pointer: '/actions/1/dance' }],
    });
    expect(server.placed).toHaveLength(1);
  });

  it.each([
    [{ to: '+15551234567' }, '/from'],
    [{ from: '+15550100001' }, '/to'],
    [{ ...order, timeout_seconds: 1 }, '/timeout_seconds'],
    [{ ...order, metadata: 'none' }, '/metadata'],
  ])('rejects the body %j', async (body, pointer) => {
    const response = await place(body);
    expect(response.status).toBe(400);
    expect(response.body.error).toMatchObject({ code: 'invalid_request', details: [{ pointer }] });
  });
});

describe('with an Idempotency-Key', () => {
  const key = { 'idempotency-key': 'order-1' };

  it('returns the same call for a repeated request and places no other call', async () => {
    const first = await place(order, key);
    const second = await place(order, key);
    expect(second.body.id).toBe(first.body.id);
    expect(server.placed).toHaveLength(1);
  });

  it('places one call for two simultaneous requests', async () => {
    const [first, second] = await Promise.all([place(order, key), place(order, key)]);
    expect(second.body.id).toBe(first.body.id);
    expect(server.placed).toHaveLength(1);
  });

  it('rejects a different request with the same key', async () => {
    await place(order, key);
    const response = await place({ ...order, to: '+15557654321' }, key);
    expect(response.status).toBe(409);
    expect(response.body.error.code).toBe('idempotency_key_reused');
  });

  it('accepts the key for another call after a day', async () => {
    const first = await place(order, key);
    await server.clock.advance(25 * 3_600_000);
    await place(order, { 'idempotency-key': 'order-2' });
    const later = await place(order, key);
    expect(later.body.id).not.toBe(first.body.id);
  });
});
