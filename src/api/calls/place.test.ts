import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type House, openHouse, type Settled, settle } from '../testing/house.ts';

let house: House;
let ours: Settled;

beforeEach(async () => {
  house = await openHouse();
  ours = await settle(house, 'Ours', '+15550100001');
});
afterEach(() => house.close());

const place = (body: object, headers: object = {}) => house.ask('POST', '/v1/calls', ours.key, body, headers);
const order = { from: '+15550100001', to: '+15551234567' };

describe('a call that is asked for', () => {
  it('is placed, and answered with as it is now', async () => {
    const answer = await place({
      ...order,
      metadata: { customer: 7 },
      record: true,
      variables: { step: 'one' },
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      ...order,
      status: 'dialing',
      direction: 'outbound',
      application_id: ours.application.id,
      metadata: { customer: 7, record: true },
    });
    expect(house.placed[0]).toMatchObject({
      timeoutSeconds: 60,
      variables: { step: 'one' },
      actions: undefined,
    });
  });

  it('begins with no more variables, and no longer ones, than it may have later', async () => {
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`v${n}`, 'x']));
    for (const variables of [many, { long: 'x'.repeat(4097) }, { ['n'.repeat(129)]: 'x' }]) {
      const answer = await place({ ...order, variables });
      expect([answer.status, answer.body.error.code]).toEqual([400, 'invalid_request']);
    }
    expect(house.placed).toHaveLength(0);
  });

  it('belongs to the application of the key, whatever the body says', async () => {
    const answer = await place({ ...order, application_id: 'app_of_somebody_else' });
    expect(answer.body.application_id).toBe(ours.application.id);
  });

  it('may bring its own actions, which are checked like any document', async () => {
    await place({ ...order, actions: [{ say: { text: 'Hi' } }] });
    expect(house.placed[0]?.actions).toMatchObject([{ type: 'say', text: 'Hi' }]);
    const answer = await place({ ...order, actions: [{ say: {} }, { dance: {} }] });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({
      code: 'invalid_action_payload',
      details: [{ pointer: '/actions/0/say/text' }, { pointer: '/actions/1/dance' }],
    });
    expect(house.placed).toHaveLength(1);
  });

  it.each([
    [{ to: '+15551234567' }, '/from'],
    [{ from: '+15550100001' }, '/to'],
    [{ ...order, timeout_seconds: 1 }, '/timeout_seconds'],
    [{ ...order, metadata: 'none' }, '/metadata'],
  ])('is refused when it is asked for as %j', async (body, pointer) => {
    const answer = await place(body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: 'invalid_request', details: [{ pointer }] });
  });
});

describe('with an Idempotency-Key', () => {
  const key = { 'idempotency-key': 'order-1' };

  it('a request that is repeated answers the same call and places none', async () => {
    const first = await place(order, key);
    const second = await place(order, key);
    expect(second.body.id).toBe(first.body.id);
    expect(house.placed).toHaveLength(1);
  });

  it('two at once place one call', async () => {
    const [first, second] = await Promise.all([place(order, key), place(order, key)]);
    expect(second.body.id).toBe(first.body.id);
    expect(house.placed).toHaveLength(1);
  });

  it('another request with the same key is refused', async () => {
    await place(order, key);
    const answer = await place({ ...order, to: '+15557654321' }, key);
    expect(answer.status).toBe(409);
    expect(answer.body.error.code).toBe('idempotency_key_reused');
  });

  it('the key is free again after a day', async () => {
    const first = await place(order, key);
    await house.clock.advance(25 * 3_600_000);
    await place(order, { 'idempotency-key': 'order-2' });
    const later = await place(order, key);
    expect(later.body.id).not.toBe(first.body.id);
  });
});
