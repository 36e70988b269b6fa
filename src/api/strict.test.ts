import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { whyNotPublic } from '../net/index.ts';
import {
  ADMIN_TOKEN,
  type SeededCustomer,
  seedCustomer,
  startTestServer,
  type TestServer,
} from './testing/test-server.ts';

let server: TestServer;
let acme: SeededCustomer;
beforeEach(async () => {
  const whyPrivate = (host: string) => (/^[\d.]+$|:/.test(host) ? whyNotPublic(host) : undefined);
  server = await startTestServer({ whyPrivate });
  acme = await seedCustomer(server, 'acme', '+15550100000');
});
afterEach(() => server.close());

const order = { from: '+15550100000', to: '+15550100001' };

describe('an unknown field', () => {
  it('of a call is rejected with its place and a suggestion', async () => {
    const body = { ...order, meta_data: {}, timeout: 30 };
    const { status, body: response } = await server.request('POST', '/v1/calls', acme.key, body);
    expect(status).toBe(400);
    expect(response.error.code).toBe('invalid_request');
    const { details } = response.error;
    expect(details.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/meta_data', '/timeout']);
    expect(details[0].message).toContain('did you mean "metadata"?');
    expect(details[1].message).toContain('did you mean "timeout_seconds"?');
    expect(server.placed).toEqual([]);
  });

  it('application_id of a call is ignored', async () => {
    const body = { ...order, application_id: 'app_of_another' };
    const response = await server.request('POST', '/v1/calls', acme.key, body);
    expect(response.status).toBe(201);
    expect(response.body.application_id).toBe(acme.application.id);
  });

  it('inside another field is rejected with a suggestion', async () => {
    const path = `/v1/applications/${acme.application.id}`;
    const nested = await server.request('PATCH', path, acme.key, {
      ai: { base_url: 'https://ai.example.com/v1', apikey: 'x' },
      scorecard: [{ name: 'greeting', weigth: 1, look_for: ['hello'] }],
    });
    const messages = nested.body.error.details.map(
      ({ pointer, message }: Record<string, string>) => `${pointer} ${message}`,
    );
    expect(messages.find((each: string) => each.startsWith('/ai/apikey'))).toContain(
      'did you mean "api_key"?',
    );
    expect(messages.find((each: string) => each.startsWith('/scorecard/0/weigth'))).toContain(
      'did you mean "weight"?',
    );
  });

  it.each([
    ['POST', '/v1/applications', { name: 'x', anser_url: 'https://a.example' }, '/anser_url'],
    ['POST', '/v1/trunks', { name: 'x', proxy: 'a.example', pasword: 'x' }, '/pasword'],
    ['POST', '/v1/phones', { username: 'x', user: 'y' }, '/user'],
    ['POST', '/admin/v1/customers', { name: 'x', plan: 'gold' }, '/plan'],
    ['POST', '/admin/v1/rates', { prefix: '+49', price_per_minute: '0.01', increment: 1 }, '/increment'],
    ['PATCH', '/admin/v1/trunks/trunk_1', { is_activ: true }, '/is_activ'],
  ])('of %s %s is rejected', async (method, path, body, pointer) => {
    const key = path.startsWith('/admin') ? ADMIN_TOKEN : acme.key;
    const response = await server.request(method, path, key, body);
    expect(response.status).toBe(400);
    expect(response.body.error.details).toContainEqual(
      expect.objectContaining({ pointer, code: 'unknown_field' }),
    );
  });

  it.each([
    '/v1/calls?form=%2B1555',
    '/v1/calls?callid=1',
    '/v1/events?states=dead',
    '/v1/applications?name=x',
    '/v1/usage?since=2026-01-01T00:00:00Z',
    '/v1/recordings?limits=3',
  ])('in the query of %s is rejected', async (path) => {
    const response = await server.request('GET', path, acme.key);
    expect(response.status).toBe(400);
    expect(response.body.error.details[0].code).toBe('unknown_field');
    expect(response.body.error.message).toMatch(/^there is no query parameter "\w+" here/);
  });

  it('in the query of a route without parameters is rejected', async () => {
    const response = await server.request('GET', `/v1/calls/${acme.call.id}?fields=id`, acme.key);
    expect(response.body.error.details[0]).toMatchObject({ pointer: '/fields', code: 'unknown_field' });
  });

  it('in the query of a health check is ignored, because probes add some', async () => {
    expect((await server.request('GET', '/healthz?now=1')).status).toBe(200);
  });
});

describe('a URL that MiniVoice may not request', () => {
  const forbidden = [
    'http://app.example.com/answer',
    'https://127.0.0.1/answer',
    'https://[::1]/answer',
    'https://10.1.2.3:8443/answer',
    'https://0xa.1/answer',
    'https://169.254.169.254/latest',
    'https://localhost/answer',
  ];

  it.each(forbidden)('%s is rejected with the name of the setting that allows it', async (url) => {
    for (const field of ['answer_url', 'fallback_answer_url', 'webhook_url']) {
      const created = await server.request('POST', '/v1/applications', acme.key, { name: 'x', [field]: url });
      expect(created.status).toBe(400);
      expect(created.body.error.details).toMatchObject([{ pointer: `/${field}`, code: 'invalid_format' }]);
      expect(created.body.error.message).toContain('MINIVOICE_ALLOW_PRIVATE_URLS=true');
    }
    const path = `/v1/applications/${acme.application.id}`;
    const patched = await server.request('PATCH', path, acme.key, { ai: { base_url: url } });
    expect(patched.body.error.details).toMatchObject([{ pointer: '/ai/base_url' }]);
    const call = await server.request('POST', '/v1/calls', acme.key, { ...order, answer_url: url });
    expect(call.body.error.details).toMatchObject([{ pointer: '/answer_url' }]);
  });

  it('is also rejected for the operator', async () => {
    const body = { customer_id: acme.customer.id, name: 'x', answer_url: forbidden[0] };
    const response = await server.request('POST', '/admin/v1/applications', ADMIN_TOKEN, body);
    expect(response.body.error.message).toContain('MINIVOICE_ALLOW_PRIVATE_URLS=true');
  });

  it('is accepted if the setting allows it, and so is a public URL', async () => {
    const open = await startTestServer({ allowPrivateUrls: true });
    const { key } = await seedCustomer(open, 'open', '+15550100009');
    const body = { name: 'x', answer_url: forbidden[0], webhook_url: forbidden[1] };
    expect((await open.request('POST', '/v1/applications', key, body)).status).toBe(201);
    await open.close();
    const url = 'https://app.example.com/answer';
    expect(
      (await server.request('POST', '/v1/applications', acme.key, { name: 'x', answer_url: url })).status,
    ).toBe(201);
  });

  it('is rejected in a document', async () => {
    const document = { actions: [{ play: { url: 'https://10.0.0.1/a.wav' } }, { play: { url: 'a.wav' } }] };
    const response = await server.request('POST', '/v1/actions/validate', acme.key, document);
    expect(response.body.details).toHaveLength(1);
    expect(response.body.details[0]).toMatchObject({ pointer: '/actions/0/play/url' });
    expect(response.body.details[0].message).toContain('MINIVOICE_ALLOW_PRIVATE_URLS=true');
  });
});

it('resolves relative URLs in the actions of a call against its answer_url', async () => {
  const actions = [{ redirect: { url: 'menu' } }];
  const body = { ...order, actions, answer_url: 'https://app.example.com/voice/answer' };
  expect((await server.request('POST', '/v1/calls', acme.key, body)).status).toBe(201);
  expect(server.placed[0]?.actions).toMatchObject([{ url: 'https://app.example.com/voice/menu' }]);
});

describe('the size of stored data', () => {
  const place = async (metadata: unknown) => {
    const { status, body } = await server.request('POST', '/v1/calls', acme.key, { ...order, metadata });
    return status === 201 ? status : `${body.error.details[0].pointer} ${body.error.details[0].code}`;
  };
  const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });
  const fields = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]));

  it('allows metadata of 64 fields, 8 levels and 16 KiB', async () => {
    expect(await place(fields(64))).toBe(201);
    expect(await place(nested(8))).toBe(201);
    expect(await place({ a: 'x'.repeat(16 * 1024 - 8) })).toBe(201);
  });

  it.each([
    ['65 fields', fields(65)],
    ['9 levels', nested(9)],
    ['lists 9 deep', { a: [[[[[[[[1]]]]]]]] }],
    ['one byte above 16 KiB', { a: 'x'.repeat(16 * 1024 - 7) }],
    ['16 KiB of characters that take two bytes', { a: '\u00e9'.repeat(9 * 1024) }],
  ])('rejects metadata of %s', async (_, metadata) => {
    expect(await place(metadata)).toBe('/metadata too_long');
  });

  it('rejects a scorecard of more than 32 KiB', async () => {
    const item = (n: number) => ({ name: `item ${n}`, weight: 1, look_for: Array(50).fill('x'.repeat(300)) });
    const scorecard = [1, 2, 3].map(item);
    const path = `/v1/applications/${acme.application.id}`;
    const response = await server.request('PATCH', path, acme.key, { scorecard });
    expect(response.body.error.details).toMatchObject([{ pointer: '/scorecard', code: 'too_long' }]);
  });
});

it('accepts documents up to 1 MiB and other bodies up to 256 KiB', async () => {
  const body = (bytes: number) => `{"actions":[]}${' '.repeat(bytes - 14)}`;
  const validate = (bytes: number) => server.request('POST', '/v1/actions/validate', acme.key, body(bytes));
  expect((await validate(1024 * 1024)).status).toBe(200);
  const document = await validate(1024 * 1024 + 1);
  expect([document.status, document.body.error.message]).toEqual([413, 'the body is larger than 1 MiB']);
  const phone = await server.request('POST', '/v1/phones', acme.key, body(256 * 1024 + 1));
  expect([phone.status, phone.body.error.message]).toEqual([413, 'the body is larger than 256 KiB']);
});

it('returns smaller pages of large applications', async () => {
  const look_for = Array.from({ length: 50 }, () => 'x'.repeat(300));
  const body = {
    name: 'x',
    scorecard: [
      { name: 'a', weight: 1, look_for },
      { name: 'b', weight: 1, look_for },
    ],
  };
  for (let n = 0; n < 45; n++)
    expect((await server.request('POST', '/v1/applications', acme.key, body)).status).toBe(201);
  const first = await server.request('GET', '/v1/applications?limit=200', acme.key);
  expect(first.text.length).toBeLessThan(1.2 * 1024 * 1024);
  expect(first.body.count).toBe(first.body.data.length);
  const cursor = first.body.next_cursor;
  const rest = await server.request('GET', `/v1/applications?limit=200&cursor=${cursor}`, acme.key);
  expect(first.body.count + rest.body.count).toBe(46);
  expect(rest.body.next_cursor).toBeNull();
});
