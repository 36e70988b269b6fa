import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { defects } from '../core/index.ts';
import { ADMIN_TOKEN, type House, openHouse, settle } from './testing/house.ts';

let house: House;
afterEach(() => house.close());

it('judges a document of actions as a call would', async () => {
  house = await openHouse();
  const { key } = await settle(house, 'Ours', '+15550100001');
  const judge = async (body: unknown) => (await house.ask('POST', '/v1/actions/validate', key, body)).body;
  expect(await judge({ actions: [{ hold: {} }] })).toEqual({ valid: true, count: 1, details: [] });
  expect(await judge({ actions: [{ hold: 1 }, {}] })).toMatchObject({
    valid: false,
    details: [{ pointer: '/actions/0/hold' }, { pointer: '/actions/1' }],
  });
  expect(await judge('{"actions":[')).toMatchObject({ valid: false, details: [{ code: 'invalid_json' }] });
  const stream = { actions: [{ start_stream: { stream_url: 'ws://127.0.0.1' } }] };
  expect(await judge(stream)).toMatchObject({ valid: false });
});

it('reads an event with its tries, and sends it again', async () => {
  house = await openHouse();
  const { key, event } = await settle(house, 'Ours', '+15550100001');
  const attempt = { id: 'dlv_1', eventId: event.id, attempt: 1, at: 0, durationMs: 12, status: 500 };
  await house.storage.saveAttempt(
    { ...attempt, error: 'status 500', answer: 'oh no' },
    { id: event.id, state: 'pending', attempts: 1, nextAttemptAt: 5000 },
  );
  const { body } = await house.ask('GET', `/v1/events/${event.id}`, key);
  expect(body).toMatchObject({ event: 'call.created', attempts: 1, next_attempt_at: '1970-01-01T00:00:05Z' });
  expect(body.deliveries).toMatchObject([{ status: 500, answer: 'oh no', at: '1970-01-01T00:00:00Z' }]);
  expect((await house.ask('POST', `/v1/events/${event.id}/redeliver`, key)).status).toBe(202);
  expect(house.redelivered).toEqual([event.id]);
  expect((await house.ask('GET', '/v1/events?event=call.answered', key)).body.count).toBe(1);
});

it('counts requests by key, and guesses by address', async () => {
  house = await openHouse({ requestsPerMinute: { key: 3, address: 2 } });
  const ours = await settle(house, 'Ours', '+15550100001');
  const theirs = await settle(house, 'Theirs', '+15550100002');
  const statuses = async (key: string, times: number) => {
    const answers = [];
    for (let i = 0; i < times; i++) answers.push(await house.ask('GET', '/v1/calls', key));
    return answers;
  };
  expect((await statuses(ours.key, 4)).map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  expect((await statuses(theirs.key, 1))[0]?.status).toBe(200);
  const [, , last] = await statuses('mv_live_guess', 3);
  expect(last).toMatchObject({ status: 429, body: { error: { code: 'rate_limited' } } });
  expect(Number(last?.headers['retry-after'])).toBeGreaterThan(0);
});

it('lets browsers make nothing else of an answer than it is, nor keep it', async () => {
  house = await openHouse();
  for (const path of ['/', '/v1/calls', '/nowhere', '/%zz', '/openapi.json']) {
    const { headers } = await house.ask('GET', path);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'.*frame-ancestors 'none'/);
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  }
  expect((await house.ask('GET', '/')).text).not.toContain('<script');
});

it('lets nobody guess keys more than 300 times a minute, and good keys are let in all the same', async () => {
  house = await openHouse();
  const { key } = await settle(house, 'Ours', '+15550100001');
  for (let n = 0; n < 300; n++) await house.ask('GET', '/v1/calls', `mv_live_guess_${n}`);
  const more = await house.ask('GET', '/admin/v1/customers', 'the-operator?');
  expect(more).toMatchObject({ status: 429, body: { error: { code: 'rate_limited' } } });
  expect(Number(more.headers['retry-after'])).toBeGreaterThan(0);
  expect((await house.ask('GET', '/v1/calls', key)).status).toBe(200);
  expect((await house.ask('GET', '/healthz')).status).toBe(200);
});

it('believes nobody who says that he asks for another address', async () => {
  house = await openHouse({ requestsPerMinute: { key: 9, address: 2 } });
  const guess = async (n: number) =>
    (await house.ask('GET', '/v1/calls', 'mv_live_guess', undefined, { 'x-forwarded-for': `192.0.2.${n}` }))
      .status;
  expect([await guess(1), await guess(2), await guess(3)]).toEqual([401, 401, 429]);
});

it('takes deep JSON for broken, and says no more of rubbish than is of use', async () => {
  house = await openHouse();
  const { key } = await settle(house, 'Ours', '+15550100001');
  const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
  const answer = await house.ask(
    'POST',
    '/v1/calls',
    key,
    `{"from":"+1555","to":"+1556","metadata":${deep}}`,
  );
  expect([answer.status, answer.body.error.code]).toEqual([400, 'invalid_json']);
  const rubbish = Object.fromEntries(Array.from({ length: 9_000 }, (_, n) => [`field_${n}`, n]));
  const told = await house.ask('POST', '/v1/applications', key, rubbish);
  expect(told.body.error.details).toHaveLength(200);
});

it('takes names of the language itself for names like any other', async () => {
  house = await openHouse();
  const { key } = await settle(house, 'Ours', '+15550100001');
  const metadata = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
  await house.ask('POST', '/v1/calls', key, `{"from":"+1555","to":"+1556","metadata":${metadata}}`);
  expect({}).not.toHaveProperty('polluted');
  expect((await house.ask('GET', '/v1/calls/__proto__', key)).status).toBe(404);
});

it('keeps the id that a caller gives its request, if it is one', async () => {
  house = await openHouse();
  const idFor = async (given: string) =>
    (await house.api.inject({ url: '/healthz', headers: { 'x-request-id': given } })).headers['x-request-id'];
  expect(await idFor('order-17')).toBe('order-17');
  expect(await idFor('no such\tid')).toMatch(/^[0-9a-f-]{36}$/);
});

it('tells nothing of its own faults but that there was one', async () => {
  const reported: string[] = [];
  onTestFinished(defects.on(({ origin }) => reported.push(origin)));
  house = await openHouse({}, { events: { events: () => Promise.reject(new Error('hush')) } as never });
  const { key } = await settle(house, 'Ours', '+15550100001');
  const answer = await house.ask('GET', '/v1/events', key);
  expect(answer.status).toBe(500);
  expect(answer.body).toEqual({
    error: { code: 'internal_error', message: 'something went wrong on our side' },
  });
  expect(reported).toEqual(['http.request']);
});

it('says on its page, to probes and to Prometheus how it is', async () => {
  house = await openHouse();
  const page = await house.ask('GET', '/');
  expect(page.headers['content-type']).toMatch(/^text\/html/);
  expect(page.text).toContain('version 1.2.3');
  expect(page.text).toContain('Ready to take calls');
  expect((await house.ask('GET', '/healthz')).body).toEqual({ status: 'ok', version: '1.2.3' });
  const metrics = await house.ask('GET', '/metrics');
  expect(metrics.headers['content-type']).toMatch(/^text\/plain/);
  expect(metrics.text).toContain('minivoice_events_pending 3');
  expect(metrics.text).toMatch(
    /minivoice_http_request_seconds_count\{method="GET",route="\/healthz",status="200"\} 1/,
  );
  expect((await house.ask('GET', '/readyz')).body).toEqual({ status: 'ready' });
});

it('is not ready while what it stands on is not, and says why', async () => {
  house = await openHouse({}, { ready: () => Promise.reject(new Error('the <disk> is full')) });
  const answer = await house.ask('GET', '/readyz');
  expect(answer).toMatchObject({
    status: 503,
    body: { error: { code: 'not_ready', message: 'the <disk> is full' } },
  });
  expect((await house.ask('GET', '/')).text).toContain('the &lt;disk&gt; is full');
});

it('describes every route in OpenAPI', async () => {
  house = await openHouse();
  const { body } = await house.ask('GET', '/openapi.json');
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

it('answers on a port, and what is not HTTP too', async () => {
  house = await openHouse();
  const url = await house.api.listen('127.0.0.1', 0);
  const answer = await fetch(`${url}/admin/v1/customers`, {
    headers: { authorization: `bearer ${ADMIN_TOKEN}` },
  });
  expect(await answer.json()).toEqual({ count: 0, data: [], next_cursor: null });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write('INVITE sip:a@b SIP/2.0\r\n\r\n');
  const said = await text(socket);
  expect(said).toMatch(/^HTTP\/1\.1 400 /);
  expect(JSON.parse(said.split('\r\n\r\n')[1]!).error.code).toBe('invalid_request');
});
