import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ADMIN_TOKEN,
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

const request = (method: string, url: string, body?: unknown, key = ours.key) =>
  server.request(method, url, key, body);
const admin = (method: string, url: string, body?: unknown) => server.request(method, url, ADMIN_TOKEN, body);
const errorOf = ({ status, body }: { status: number; body: { error: { code: string; message: string } } }) =>
  `${status} ${body.error.code}: ${body.error.message}`;

describe('applications', () => {
  it('are created with an API key, which works at once and is not returned again', async () => {
    const created = await request('POST', '/v1/applications', {
      name: 'Support',
      answer_url: 'https://example.com/a',
      webhook_url: 'https://example.com/w',
      webhook_secret: 's3cret',
    });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      name: 'Support',
      customer_id: ours.customer.id,
      answer_method: 'POST',
      webhook_signed: true,
      api_key: expect.stringMatching(/^mv_live_\w{20,}$/),
    });
    const read = await request('GET', `/v1/applications/${created.body.id}`, undefined, created.body.api_key);
    expect(read.status).toBe(200);
    expect(read.text).not.toMatch(/mv_live|s3cret/);
  });

  it.each([
    [{}, 'name is required'],
    [{ name: ' ' }, 'name must be at least 1 character long'],
    [{ name: 'x', answer_url: 'ftp://x' }, 'answer_url must be a URL that begins with http:// or https://'],
    [
      { name: 'x', webhok_url: 'https://x' },
      'there is no field "webhok_url" here; did you mean "webhook_url"?',
    ],
  ])('reject the body %j: %s', async (body, message) => {
    expect(errorOf(await request('POST', '/v1/applications', body))).toBe(`400 invalid_request: ${message}`);
  });

  it('change only in the given fields; null removes a setting', async () => {
    const url = `/v1/applications/${ours.application.id}`;
    const changed = await request('PATCH', url, { voice: 'slt', webhook_url: null, answer_method: 'GET' });
    expect(changed.body).toMatchObject({
      voice: 'slt',
      webhook_url: null,
      answer_method: 'GET',
      name: 'Ours',
    });
    expect((await request('PATCH', url, {})).body).toMatchObject({
      voice: 'slt',
      answer_url: 'https://example.com/answer',
    });
  });

  it('can be read by all keys of the customer, and changed only by their own key', async () => {
    const second = (await request('POST', '/v1/applications', { name: 'Second' })).body;
    const names = (await request('GET', '/v1/applications')).body.data.map(
      ({ name }: { name: string }) => name,
    );
    expect(names).toEqual(['Second', 'Ours']);
    for (const [method, path] of [
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/keys'],
    ] as const) {
      expect(errorOf(await request(method, `/v1/applications/${second.id}${path}`))).toMatch(
        /^404 application_not_found/,
      );
    }
  });

  it('rotate their key; the old key remains valid for the requested time', async () => {
    const url = `/v1/applications/${ours.application.id}`;
    const next = await request('POST', `${url}/keys`, { expire_old_after_seconds: 60 });
    expect(next.status).toBe(201);
    expect((await request('GET', url, undefined, next.body.api_key)).status).toBe(200);
    expect((await request('GET', url)).status).toBe(200);
    await server.clock.advance(60_000);
    expect((await request('GET', url)).status).toBe(401);
    expect((await request('GET', url, undefined, next.body.api_key)).status).toBe(200);
  });

  it('are deleted with their keys', async () => {
    expect((await request('DELETE', `/v1/applications/${ours.application.id}`)).status).toBe(204);
    expect((await request('GET', '/v1/calls')).status).toBe(401);
  });
});

describe('numbers', () => {
  it('are found by id and by number, with an escaped or unescaped plus', async () => {
    for (const path of [ours.did.id, 'by-number/+15550100001', 'by-number/%2B15550100001']) {
      expect((await request('GET', `/v1/dids/${path}`)).body).toMatchObject({ number_e164: '+15550100001' });
    }
    expect(errorOf(await request('GET', '/v1/dids/by-number/+15550100009'))).toBe(
      '404 not_found: DID not found',
    );
  });

  it('require a SIP URI for route_mode sip', async () => {
    const url = `/v1/dids/${ours.did.id}`;
    expect((await request('PATCH', url, { route_mode: 'sip' })).status).toBe(400);
    const changed = await request('PATCH', url, {
      route_mode: 'sip',
      routing_target: 'sip:desk@example.com',
    });
    expect(changed.body).toMatchObject({ route_mode: 'sip', routing_target: 'sip:desk@example.com' });
    expect((await request('PATCH', url, { application_id: 'app_1' })).status).toBe(400);
  });

  it('are added, assigned and deleted by the operator', async () => {
    const body = { application_id: ours.application.id, number_e164: '+15550100005' };
    const created = await admin('POST', '/admin/v1/dids', body);
    expect(created).toMatchObject({ status: 201, body: { route_mode: 'webhook', status: 'active' } });
    expect(errorOf(await admin('POST', '/admin/v1/dids', body))).toBe(
      '409 number_exists: number_e164 already exists',
    );
    const url = `/admin/v1/dids/${created.body.id}`;
    expect((await admin('PATCH', url, { application_id: null })).body.application_id).toBe(null);
    expect((await request('GET', `/v1/dids/${created.body.id}`)).status).toBe(404);
    expect((await admin('DELETE', url)).status).toBe(204);
    expect((await admin('DELETE', url)).status).toBe(404);
    expect((await admin('POST', '/admin/v1/dids', { ...body, application_id: 'app_x' })).status).toBe(404);
    expect((await admin('POST', '/admin/v1/dids', { ...body, number_e164: '5550100' })).status).toBe(400);
  });
});

describe('trunks', () => {
  const trunk = { name: 'Carrier', proxy: 'sip.carrier.example:5070', gateway_name: 'carrier' };

  it('never return their password', async () => {
    const created = await request('POST', '/v1/trunks', {
      ...trunk,
      username: 'me',
      password: 's3cret',
      inbound_ip: '192.0.2.0/24',
    });
    expect(created).toMatchObject({
      status: 201,
      body: { direction: 'both', transport: 'udp', is_active: true },
    });
    expect(created.text).not.toContain('s3cret');
    expect((await request('GET', `/v1/trunks/${created.body.id}`)).body).toEqual(created.body);
  });

  it('require a name and a proxy, and report both at once', async () => {
    const response = await request('POST', '/v1/trunks', {});
    expect(errorOf(response)).toBe('400 invalid_request: name is required');
    expect(response.body.error.details.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/name',
      '/proxy',
    ]);
  });

  it('have a unique gateway_name and inbound_ip', async () => {
    await request('POST', '/v1/trunks', { ...trunk, inbound_ip: '192.0.2.7' });
    expect(errorOf(await request('POST', '/v1/trunks', trunk))).toBe(
      '409 gateway_name_exists: gateway_name already exists',
    );
    expect(
      errorOf(await request('POST', '/v1/trunks', { name: 'b', proxy: 'b', inbound_ip: '192.0.2.7' })),
    ).toMatch(/^409 inbound_ip_exists/);
  });

  it('can be shared by the operator: then a key can read them but not change them', async () => {
    const shared = (await admin('POST', '/admin/v1/trunks', trunk)).body;
    expect(shared.customer_id).toBe(null);
    const url = `/v1/trunks/${shared.id}`;
    expect((await request('GET', url)).status).toBe(200);
    expect((await request('PATCH', url, { is_active: false })).status).toBe(404);
    expect((await request('DELETE', url)).status).toBe(404);
    expect((await admin('PATCH', `/admin/v1/trunks/${shared.id}`, { is_active: false })).body.is_active).toBe(
      false,
    );
    expect((await admin('DELETE', `/admin/v1/trunks/${shared.id}`)).status).toBe(204);
  });

  it('can be changed and deleted', async () => {
    const url = `/v1/trunks/${ours.trunk.id}`;
    expect((await request('PATCH', url, { proxy: '192.0.2.9', srtp: true })).body).toMatchObject({
      srtp: true,
    });
    expect((await request('PATCH', url, { inbound_ip: 'everywhere' })).status).toBe(400);
    expect((await request('DELETE', url)).status).toBe(204);
    expect((await request('GET', url)).status).toBe(404);
  });
});

describe('verified numbers', () => {
  it('are added and deleted by the operator', async () => {
    const url = `/admin/v1/customers/${ours.customer.id}/verified-numbers`;
    const created = await admin('POST', url, { number_e164: '+4930111111' });
    expect(created).toMatchObject({
      status: 201,
      body: { number_e164: '+4930111111', customer_id: ours.customer.id },
    });
    expect(errorOf(await admin('POST', url, { number_e164: '+4930111111' }))).toMatch(/^409 number_exists/);
    expect(errorOf(await admin('POST', url, { number_e164: '112' }))).toMatch(/^400 invalid_request/);
    expect((await admin('GET', url)).body).toMatchObject({ count: 1, data: [created.body] });
    expect((await request('GET', url)).status).toBe(401);
    const row = `/admin/v1/verified-numbers/${created.body.id}`;
    expect((await admin('DELETE', row)).status).toBe(204);
    expect(errorOf(await admin('DELETE', row))).toMatch(/^404 not_found/);
    const none = await admin('POST', '/admin/v1/customers/cust_x/verified-numbers', {
      number_e164: '+4930111111',
    });
    expect(errorOf(none)).toMatch(/^404 customer_not_found/);
  });
});

describe('the caller IDs of a trunk', () => {
  it('are owned by default on shared trunks, and any on own trunks', async () => {
    const proxy = 'sip.carrier.example';
    const shared = await admin('POST', '/admin/v1/trunks', { name: 'All', proxy });
    expect(shared.body).toMatchObject({ caller_ids: 'owned', forward_caller_id: true });
    const own = await request('POST', '/v1/trunks', { name: 'Own', proxy });
    expect(own.body).toMatchObject({ caller_ids: 'any', forward_caller_id: true });
    const patch = { caller_ids: 'any', forward_caller_id: false };
    expect((await admin('PATCH', `/admin/v1/trunks/${shared.body.id}`, patch)).body).toMatchObject(patch);
    expect(errorOf(await request('POST', '/v1/trunks', { name: 'Own', proxy, caller_ids: 'all' }))).toMatch(
      /^400/,
    );
  });
});

it('lets the operator create a customer, an application and its first key', async () => {
  const customer = await admin('POST', '/admin/v1/customers', { name: 'New' });
  expect(customer.status).toBe(201);
  const created = await admin('POST', '/admin/v1/applications', {
    customer_id: customer.body.id,
    name: 'First',
  });
  expect(created.status).toBe(201);
  expect((await request('GET', '/v1/calls', undefined, created.body.api_key)).body).toEqual({
    count: 0,
    data: [],
    next_cursor: null,
  });
  const unknown = await admin('POST', '/admin/v1/applications', { customer_id: 'cust_x', name: 'Unknown' });
  expect(errorOf(unknown)).toMatch(/^404 customer_not_found/);
  const own = await admin('GET', `/admin/v1/applications?customer_id=${customer.body.id}`);
  expect(own.body.count).toBe(1);
});

describe('phones', () => {
  it('are created with a password that is returned only once', async () => {
    const created = await request('POST', '/v1/phones', { username: 'Anna' });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      username: 'anna',
      customer_id: ours.customer.id,
      registered: false,
    });
    const never = { registered_at: null, last_failed_login_at: null, last_failed_login_address: null };
    expect(created.body).toMatchObject(never);
    expect(created.body.password).toMatch(/^[\w-]{20}$/);
    const { password, ...phone } = created.body;
    expect((await request('GET', `/v1/phones/${phone.id}`)).body).toEqual(phone);
    expect((await request('GET', '/v1/phones')).body.data[0]).toEqual(phone);
    expect((await request('DELETE', `/v1/phones/${phone.id}`)).status).toBe(204);
    expect((await request('GET', `/v1/phones/${phone.id}`)).status).toBe(404);
  });

  it('have a unique name, regardless of case', async () => {
    await request('POST', '/v1/phones', { username: 'anna' });
    expect(errorOf(await request('POST', '/v1/phones', { username: 'ANNA' }))).toBe(
      '409 username_exists: username already exists',
    );
    expect(errorOf(await request('POST', '/v1/phones', { username: 'a b' }))).toMatch(/^400 invalid_request/);
  });
});
