import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { defects } from '../core/index.ts';
import { ADMIN_TOKEN, seedCustomer, startTestServer, type TestServer } from './testing/test-server.ts';

let server: TestServer;
afterEach(() => server.close());

it('validates a document of actions', async () => {
  server = await startTestServer();
  const { key } = await seedCustomer(server, 'Ours', '+15550100001');
  const validate = async (body: unknown) =>
    (await server.request('POST', '/v1/actions/validate', key, body)).body;
  expect(await validate({ actions: [{ hold: {} }] })).toEqual({ valid: true, count: 1, details: [] });
  expect(await validate({ actions: [{ hold: 1 }, {}] })).toMatchObject({
    valid: false,
    details: [{ pointer: '/actions/0/hold' }, { pointer: '/actions/1' }],
  });
  expect(await validate('{"actions":[')).toMatchObject({ valid: false, details: [{ code: 'invalid_json' }] });
  const stream = { actions: [{ start_stream: { stream_url: 'ws://127.0.0.1' } }] };
  expect(await validate(stream)).toMatchObject({ valid: false });
});

it('returns an event with its delivery attempts, and redelivers it', async () => {
  server = await startTestServer();
  const { key, event } = await seedCustomer(server, 'Ours', '+15550100001');
  const attempt = { id: 'dlv_1', eventId: event.id, attempt: 1, at: 0, durationMs: 12, status: 500 };
  await server.storage.saveAttempt(
    { ...attempt, error: 'status 500', answer: 'oh no' },
    { id: event.id, state: 'pending', attempts: 1, nextAttemptAt: 5000 },
  );
  const { body } = await server.request('GET', `/v1/events/${event.id}`, key);
  expect(body).toMatchObject({ event: 'call.created', attempts: 1, next_attempt_at: '1970-01-01T00:00:05Z' });
  expect(body.deliveries).toMatchObject([{ status: 500, answer: 'oh no', at: '1970-01-01T00:00:00Z' }]);
  expect((await server.request('POST', `/v1/events/${event.id}/redeliver`, key)).status).toBe(202);
  expect(server.redelivered).toEqual([event.id]);
  expect((await server.request('GET', '/v1/events?event=call.answered', key)).body.count).toBe(1);
});

it('limits requests by key, and requests with invalid keys by address', async () => {
  server = await startTestServer({ requestsPerMinute: { key: 3, address: 2 } });
  const ours = await seedCustomer(server, 'Ours', '+15550100001');
  const theirs = await seedCustomer(server, 'Theirs', '+15550100002');
  const statuses = async (key: string, times: number) => {
    const responses = [];
    for (let i = 0; i < times; i++) responses.push(await server.request('GET', '/v1/calls', key));
    return responses;
  };
  expect((await statuses(ours.key, 4)).map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  expect((await statuses(theirs.key, 1))[0]?.status).toBe(200);
  const [, , last] = await statuses('mv_live_guess', 3);
  expect(last).toMatchObject({ status: 429, body: { error: { code: 'rate_limited' } } });
  expect(Number(last?.headers['retry-after'])).toBeGreaterThan(0);
});

it('sends security headers with every response', async () => {
  server = await startTestServer();
  for (const path of ['/', '/v1/calls', '/nowhere', '/%zz', '/openapi.json']) {
    const { headers } = await server.request('GET', path);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'.*frame-ancestors 'none'/);
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  }
  expect((await server.request('GET', '/')).text).not.toContain('<script');
});

it('loads the metrics again after a failure', async () => {
  onTestFinished(defects.on(() => {}));
  let failures = 1;
  const metrics = {
    get example() {
      if (failures-- > 0) throw new Error('EMFILE: too many open files');
      return { help: 'An example', value: () => 1 };
    },
  };
  server = await startTestServer({}, { metrics });
  expect((await server.request('GET', '/metrics', ADMIN_TOKEN)).status).toBe(500);
  expect((await server.request('GET', '/metrics', ADMIN_TOKEN)).text).toContain('minivoice_example 1');
});

it('limits invalid keys to 300 per minute without affecting valid keys', async () => {
  server = await startTestServer();
  const { key } = await seedCustomer(server, 'Ours', '+15550100001');
  for (let n = 0; n < 300; n++) await server.request('GET', '/v1/calls', `mv_live_guess_${n}`);
  const next = await server.request('GET', '/admin/v1/customers', 'the-operator?');
  expect(next).toMatchObject({ status: 429, body: { error: { code: 'rate_limited' } } });
  expect(Number(next.headers['retry-after'])).toBeGreaterThan(0);
  expect((await server.request('GET', '/v1/calls', key)).status).toBe(200);
  expect((await server.request('GET', '/healthz')).status).toBe(200);
});

it('ignores X-Forwarded-For without a trusted proxy', async () => {
  server = await startTestServer({ requestsPerMinute: { key: 9, address: 2 } });
  const guess = async (n: number) =>
    (
      await server.request('GET', '/v1/calls', 'mv_live_guess', undefined, {
        'x-forwarded-for': `192.0.2.${n}`,
      })
    ).status;
  expect([await guess(1), await guess(2), await guess(3)]).toEqual([401, 401, 429]);
});

it('rejects deeply nested JSON, and reports at most 200 errors', async () => {
  server = await startTestServer();
  const { key } = await seedCustomer(server, 'Ours', '+15550100001');
  const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
  const response = await server.request(
    'POST',
    '/v1/calls',
    key,
    `{"from":"+1555","to":"+1556","metadata":${deep}}`,
  );
  expect([response.status, response.body.error.code]).toEqual([400, 'invalid_json']);
  const unknownFields = Object.fromEntries(Array.from({ length: 9_000 }, (_, n) => [`field_${n}`, n]));
  const rejected = await server.request('POST', '/v1/applications', key, unknownFields);
  expect(rejected.body.error.details).toHaveLength(200);
});

it('treats names such as __proto__ like any other name', async () => {
  server = await startTestServer();
  const { key } = await seedCustomer(server, 'Ours', '+15550100001');
  const metadata = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
  await server.request('POST', '/v1/calls', key, `{"from":"+1555","to":"+1556","metadata":${metadata}}`);
  expect({}).not.toHaveProperty('polluted');
  expect((await server.request('GET', '/v1/calls/__proto__', key)).status).toBe(404);
});

it('keeps a valid X-Request-Id', async () => {
  server = await startTestServer();
  const idFor = async (given: string) =>
    (await server.api.inject({ url: '/healthz', headers: { 'x-request-id': given } })).headers[
      'x-request-id'
    ];
  expect(await idFor('order-17')).toBe('order-17');
  expect(await idFor('no such\tid')).toMatch(/^[0-9a-f-]{36}$/);
});

it('does not reveal the cause of an internal error', async () => {
  const reported: string[] = [];
  onTestFinished(defects.on(({ origin }) => reported.push(origin)));
  server = await startTestServer(
    {},
    { events: { events: () => Promise.reject(new Error('s3cret')) } as never },
  );
  const { key } = await seedCustomer(server, 'Ours', '+15550100001');
  const response = await server.request('GET', '/v1/events', key);
  expect(response.status).toBe(500);
  expect(response.body).toEqual({
    error: {
      code: 'internal_error',
      message: 'internal error of MiniVoice: the operator finds the cause in the log',
    },
  });
  expect(reported).toEqual(['http.request']);
});

it('reports its state on its web page, to probes and to Prometheus', async () => {
  server = await startTestServer();
  const page = await server.request('GET', '/');
  expect(page.headers['content-type']).toMatch(/^text\/html/);
  expect(page.text).toContain('version 1.2.3');
  expect(page.text).toContain('Ready to take calls');
  expect((await server.request('GET', '/healthz')).body).toEqual({ status: 'ok', version: '1.2.3' });
  const metrics = await server.request('GET', '/metrics');
  expect(metrics.headers['content-type']).toMatch(/^text\/plain/);
  expect(metrics.text).toContain('minivoice_events_pending 3');
  expect(metrics.text).toMatch(
    /minivoice_http_request_seconds_count\{method="GET",route="\/healthz",status="200"\} 1/,
  );
  expect((await server.request('GET', '/readyz')).body).toEqual({ status: 'ready' });
});

it('is not ready while a dependency is not, and reports the reason', async () => {
  server = await startTestServer({}, { ready: () => Promise.reject(new Error('the <disk> is full')) });
  const response = await server.request('GET', '/readyz');
  expect(response).toMatchObject({
    status: 503,
    body: { error: { code: 'not_ready', message: 'the <disk> is full' } },
  });
  expect((await server.request('GET', '/')).text).toContain('the &lt;disk&gt; is full');
});

it('describes every route in OpenAPI', async () => {
  server = await startTestServer();
  const { body } = await server.request('GET', '/openapi.json');
  expect(body.openapi).toBe('3.1.0');
  expect(body.paths['/v1/calls/{id}'].get).toMatchObject({
    security: [{ key: [] }, { admin: [] }],
    parameters: [{ name: 'id', in: 'path', required: true }],
  });
  expect(body.paths['/v1/applications'].post.requestBody.content['application/json'].schema.required).toEqual(
    ['name'],
  );
  const references = [...JSON.stringify(body).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) =>
    path!.split('/'),
  );
  expect(references.length).toBeGreaterThan(50);
  for (const path of references) {
    expect(
      path.reduce((at, part) => at?.[part], body),
      path.join('/'),
    ).toBeDefined();
  }
});

it('listens on a port, and responds with 400 to bytes that are not HTTP', async () => {
  server = await startTestServer();
  const url = await server.api.listen('127.0.0.1', 0);
  const response = await fetch(`${url}/admin/v1/customers`, {
    headers: { authorization: `bearer ${ADMIN_TOKEN}` },
  });
  expect(await response.json()).toEqual({ count: 0, data: [], next_cursor: null });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write('INVITE sip:a@b SIP/2.0\r\n\r\n');
  const received = await text(socket);
  expect(received).toMatch(/^HTTP\/1\.1 400 /);
  expect(JSON.parse(received.split('\r\n\r\n')[1]!).error.code).toBe('invalid_request');
});
