import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, type House, openHouse, type Settled, settle } from './testing/house.ts';

let house: House;
let ours: Settled;

beforeEach(async () => {
  house = await openHouse();
  ours = await settle(house, 'Ours', '+15550100001');
});
afterEach(() => house.close());

const ask = (method: string, url: string, body?: unknown, key = ours.key) =>
  house.ask(method, url, key, body);
const admin = (method: string, url: string, body?: unknown) => house.ask(method, url, ADMIN_TOKEN, body);
const fault = ({ status, body }: { status: number; body: { error: { code: string; message: string } } }) =>
  `${status} ${body.error.code}: ${body.error.message}`;

describe('applications', () => {
  it('are created with a key of their own, which opens at once and is not shown again', async () => {
    const made = await ask('POST', '/v1/applications', {
      name: 'Support',
      answer_url: 'https://example.com/a',
      webhook_url: 'https://example.com/w',
      webhook_secret: 'hush',
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      name: 'Support',
      customer_id: ours.customer.id,
      answer_method: 'POST',
      webhook_signed: true,
      api_key: expect.stringMatching(/^mv_live_\w{20,}$/),
    });
    const read = await ask('GET', `/v1/applications/${made.body.id}`, undefined, made.body.api_key);
    expect(read.status).toBe(200);
    expect(read.text).not.toMatch(/mv_live|hush/);
  });

  it.each([
    [{}, 'name is required'],
    [{ name: ' ' }, 'name must be at least 1 character long'],
    [{ name: 'x', answer_url: 'ftp://x' }, 'answer_url must be a URL that begins with http:// or https://'],
    [
      { name: 'x', webhok_url: 'https://x' },
      'there is no field "webhok_url" here; did you mean "webhook_url"?',
    ],
  ])('are refused as %j: %s', async (body, message) => {
    expect(fault(await ask('POST', '/v1/applications', body))).toBe(`400 invalid_request: ${message}`);
  });

  it('change what is given and keep the rest; null takes away', async () => {
    const url = `/v1/applications/${ours.application.id}`;
    const changed = await ask('PATCH', url, { voice: 'slt', webhook_url: null, answer_method: 'GET' });
    expect(changed.body).toMatchObject({
      voice: 'slt',
      webhook_url: null,
      answer_method: 'GET',
      name: 'Ours',
    });
    expect((await ask('PATCH', url, {})).body).toMatchObject({
      voice: 'slt',
      answer_url: 'https://example.com/answer',
    });
  });

  it('show their customer, and are changed by their own key alone', async () => {
    const second = (await ask('POST', '/v1/applications', { name: 'Second' })).body;
    const names = (await ask('GET', '/v1/applications')).body.data.map(({ name }: { name: string }) => name);
    expect(names).toEqual(['Second', 'Ours']);
    for (const [method, path] of [
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/keys'],
    ] as const) {
      expect(fault(await ask(method, `/v1/applications/${second.id}${path}`))).toMatch(
        /^404 application_not_found/,
      );
    }
  });

  it('rotate their key, the old one going on for as long as is asked', async () => {
    const url = `/v1/applications/${ours.application.id}`;
    const next = await ask('POST', `${url}/keys`, { expire_old_after_seconds: 60 });
    expect(next.status).toBe(201);
    expect((await ask('GET', url, undefined, next.body.api_key)).status).toBe(200);
    expect((await ask('GET', url)).status).toBe(200);
    await house.clock.advance(60_000);
    expect((await ask('GET', url)).status).toBe(401);
    expect((await ask('GET', url, undefined, next.body.api_key)).status).toBe(200);
  });

  it('are deleted with their keys', async () => {
    expect((await ask('DELETE', `/v1/applications/${ours.application.id}`)).status).toBe(204);
    expect((await ask('GET', '/v1/calls')).status).toBe(401);
  });
});

describe('numbers', () => {
  it('are found by id and by number, with or without the plus escaped', async () => {
    for (const path of [ours.did.id, 'by-number/+15550100001', 'by-number/%2B15550100001']) {
      expect((await ask('GET', `/v1/dids/${path}`)).body).toMatchObject({ number_e164: '+15550100001' });
    }
    expect(fault(await ask('GET', '/v1/dids/by-number/+15550100009'))).toBe('404 not_found: DID not found');
  });

  it('are routed to a SIP URI only where one is given', async () => {
    const url = `/v1/dids/${ours.did.id}`;
    expect((await ask('PATCH', url, { route_mode: 'sip' })).status).toBe(400);
    const changed = await ask('PATCH', url, { route_mode: 'sip', routing_target: 'sip:desk@example.com' });
    expect(changed.body).toMatchObject({ route_mode: 'sip', routing_target: 'sip:desk@example.com' });
    expect((await ask('PATCH', url, { application_id: 'app_1' })).status).toBe(400);
  });

  it('are added, assigned and removed by the operator', async () => {
    const body = { application_id: ours.application.id, number_e164: '+15550100005' };
    const made = await admin('POST', '/admin/v1/dids', body);
    expect(made).toMatchObject({ status: 201, body: { route_mode: 'webhook', status: 'active' } });
    expect(fault(await admin('POST', '/admin/v1/dids', body))).toBe(
      '409 number_exists: number_e164 already exists',
    );
    const url = `/admin/v1/dids/${made.body.id}`;
    expect((await admin('PATCH', url, { application_id: null })).body.application_id).toBe(null);
    expect((await ask('GET', `/v1/dids/${made.body.id}`)).status).toBe(404);
    expect((await admin('DELETE', url)).status).toBe(204);
    expect((await admin('DELETE', url)).status).toBe(404);
    expect((await admin('POST', '/admin/v1/dids', { ...body, application_id: 'app_x' })).status).toBe(404);
    expect((await admin('POST', '/admin/v1/dids', { ...body, number_e164: '5550100' })).status).toBe(400);
  });
});

describe('trunks', () => {
  const trunk = { name: 'Carrier', proxy: 'sip.carrier.example:5070', gateway_name: 'carrier' };

  it('are created without ever showing their password', async () => {
    const made = await ask('POST', '/v1/trunks', {
      ...trunk,
      username: 'me',
      password: 'hush',
      inbound_ip: '192.0.2.0/24',
    });
    expect(made).toMatchObject({
      status: 201,
      body: { direction: 'both', transport: 'udp', is_active: true },
    });
    expect(made.text).not.toContain('hush');
    expect((await ask('GET', `/v1/trunks/${made.body.id}`)).body).toEqual(made.body);
  });

  it('need a name and a proxy, told at once', async () => {
    const answer = await ask('POST', '/v1/trunks', {});
    expect(fault(answer)).toBe('400 invalid_request: name is required');
    expect(answer.body.error.details.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/name',
      '/proxy',
    ]);
  });

  it('share neither gateway_name nor inbound_ip', async () => {
    await ask('POST', '/v1/trunks', { ...trunk, inbound_ip: '192.0.2.7' });
    expect(fault(await ask('POST', '/v1/trunks', trunk))).toBe(
      '409 gateway_name_exists: gateway_name already exists',
    );
    expect(
      fault(await ask('POST', '/v1/trunks', { name: 'b', proxy: 'b', inbound_ip: '192.0.2.7' })),
    ).toMatch(/^409 inbound_ip_exists/);
  });

  it("are the customer's own, and the operator's for all, which a key can use but not change", async () => {
    const shared = (await admin('POST', '/admin/v1/trunks', trunk)).body;
    expect(shared.customer_id).toBe(null);
    const url = `/v1/trunks/${shared.id}`;
    expect((await ask('GET', url)).status).toBe(200);
    expect((await ask('PATCH', url, { is_active: false })).status).toBe(404);
    expect((await ask('DELETE', url)).status).toBe(404);
    expect((await admin('PATCH', `/admin/v1/trunks/${shared.id}`, { is_active: false })).body.is_active).toBe(
      false,
    );
    expect((await admin('DELETE', `/admin/v1/trunks/${shared.id}`)).status).toBe(204);
  });

  it('are changed and deleted', async () => {
    const url = `/v1/trunks/${ours.trunk.id}`;
    expect((await ask('PATCH', url, { proxy: '192.0.2.9', srtp: true })).body).toMatchObject({ srtp: true });
    expect((await ask('PATCH', url, { inbound_ip: 'everywhere' })).status).toBe(400);
    expect((await ask('DELETE', url)).status).toBe(204);
    expect((await ask('GET', url)).status).toBe(404);
  });
});

describe('verified numbers', () => {
  it("are the operator's to give and to take", async () => {
    const url = `/admin/v1/customers/${ours.customer.id}/verified-numbers`;
    const made = await admin('POST', url, { number_e164: '+4930111111' });
    expect(made).toMatchObject({
      status: 201,
      body: { number_e164: '+4930111111', customer_id: ours.customer.id },
    });
    expect(fault(await admin('POST', url, { number_e164: '+4930111111' }))).toMatch(/^409 number_exists/);
    expect(fault(await admin('POST', url, { number_e164: '112' }))).toMatch(/^400 invalid_request/);
    expect((await admin('GET', url)).body).toMatchObject({ count: 1, data: [made.body] });
    expect((await ask('GET', url)).status).toBe(401);
    const row = `/admin/v1/verified-numbers/${made.body.id}`;
    expect((await admin('DELETE', row)).status).toBe(204);
    expect(fault(await admin('DELETE', row))).toMatch(/^404 not_found/);
    const none = await admin('POST', '/admin/v1/customers/cust_x/verified-numbers', {
      number_e164: '+4930111111',
    });
    expect(fault(none)).toMatch(/^404 customer_not_found/);
  });
});

describe('the caller IDs of a trunk', () => {
  it("are the customer's numbers over the operator's, and any over a customer's own", async () => {
    const proxy = 'sip.carrier.example';
    const shared = await admin('POST', '/admin/v1/trunks', { name: 'All', proxy });
    expect(shared.body).toMatchObject({ caller_ids: 'owned', forward_caller_id: true });
    const own = await ask('POST', '/v1/trunks', { name: 'Own', proxy });
    expect(own.body).toMatchObject({ caller_ids: 'any', forward_caller_id: true });
    const patch = { caller_ids: 'any', forward_caller_id: false };
    expect((await admin('PATCH', `/admin/v1/trunks/${shared.body.id}`, patch)).body).toMatchObject(patch);
    expect(fault(await ask('POST', '/v1/trunks', { name: 'Own', proxy, caller_ids: 'all' }))).toMatch(/^400/);
  });
});

it('takes the operator from nothing to a first key', async () => {
  const customer = await admin('POST', '/admin/v1/customers', { name: 'New' });
  expect(customer.status).toBe(201);
  const made = await admin('POST', '/admin/v1/applications', {
    customer_id: customer.body.id,
    name: 'First',
  });
  expect(made.status).toBe(201);
  expect((await ask('GET', '/v1/calls', undefined, made.body.api_key)).body).toEqual({
    count: 0,
    data: [],
    next_cursor: null,
  });
  const lost = await admin('POST', '/admin/v1/applications', { customer_id: 'cust_x', name: 'Lost' });
  expect(fault(lost)).toMatch(/^404 customer_not_found/);
  const own = await admin('GET', `/admin/v1/applications?customer_id=${customer.body.id}`);
  expect(own.body.count).toBe(1);
});

describe('phones', () => {
  it('are made with a password that is shown this once', async () => {
    const made = await ask('POST', '/v1/phones', { username: 'Anna' });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ username: 'anna', customer_id: ours.customer.id, registered: false });
    const never = { registered_at: null, last_failed_login_at: null, last_failed_login_address: null };
    expect(made.body).toMatchObject(never);
    expect(made.body.password).toMatch(/^[\w-]{20}$/);
    const { password, ...phone } = made.body;
    expect((await ask('GET', `/v1/phones/${phone.id}`)).body).toEqual(phone);
    expect((await ask('GET', '/v1/phones')).body.data[0]).toEqual(phone);
    expect((await ask('DELETE', `/v1/phones/${phone.id}`)).status).toBe(204);
    expect((await ask('GET', `/v1/phones/${phone.id}`)).status).toBe(404);
  });

  it('have names that nobody else has', async () => {
    await ask('POST', '/v1/phones', { username: 'anna' });
    expect(fault(await ask('POST', '/v1/phones', { username: 'ANNA' }))).toBe(
      '409 username_exists: username already exists',
    );
    expect(fault(await ask('POST', '/v1/phones', { username: 'a b' }))).toMatch(/^400 invalid_request/);
  });
});
