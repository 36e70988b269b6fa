import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkDocumentText } from '../contract/actions/index.ts';
import { createDocumentFetcher } from '../src/actions/index.ts';
import { SensitiveCalls } from '../src/calls/index.ts';
import { Ids, seededRandom, silentLog } from '../src/core/index.ts';
import { VirtualClock } from '../src/core/testing/virtual-clock.ts';
import { createHttpClient, type HttpClient } from '../src/net/index.ts';
import { Deliveries } from '../src/webhooks/index.ts';
import { callRecord, eventRecord } from '../src/webhooks/testing/harness.ts';
import { AppServer, type Misbehavior } from './support/app-server.ts';

// The clients of applications, over real sockets, against the application of the e2e tests.

const clock = new VirtualClock(Math.floor(performance.timeOrigin));
let app: AppServer;
let http: HttpClient;

beforeEach(async () => {
  app = await AppServer.start({ secret: 's3cret' });
  http = createHttpClient({ allowPrivate: true, clock });
});

afterEach(async () => {
  await http.close();
  await app.close();
  expect(clock.pending).toBe(0);
});

function fetchActions(url: string, method: 'GET' | 'POST' = 'POST') {
  const documents = createDocumentFetcher({
    http,
    clock,
    log: silentLog,
    check: (text, base) => checkDocumentText(text, { base }),
  });
  return documents.fetch({
    url,
    method,
    reason: 'answer',
    call: callRecord(),
    data: {},
    secrets: ['s3cret'],
    signal: new AbortController().signal,
    onExchange: () => {},
    mask: (data) => data,
  });
}

it.each(['GET', 'POST'] as const)('fetches actions with a signed %s request', async (method) => {
  const url = app.on('/answer', ({ query, body }) => [
    { say: { text: `Hello ${query['from'] ?? body.call?.['from']}` } },
  ]);
  expect(await fetchActions(`${url}?tenant=7`, method)).toMatchObject([
    { type: 'say', text: 'Hello +15550001111' },
  ]);
  expect(app.requests.all).toMatchObject([
    { method, path: '/answer', query: { tenant: '7' }, verified: true },
  ]);
});

it.each<[Misbehavior, number, string]>([
  ['garbage', 1, 'invalid action payload'],
  ['huge', 1, 'invalid action payload'],
  ['reset', 2, 'the connection closed without a response'],
  [500, 2, 'the server answered with 500'],
  [302, 1, 'the server answered with 302'],
])('sends a server that responds with %s this many requests: %i', async (behavior, requests, message) => {
  await expect(fetchActions(app.on('/answer', behavior))).rejects.toMatchObject({
    code: 'answer_url_error',
    message: expect.stringContaining(message),
  });
  expect(app.requests.all).toHaveLength(requests);
});

it.each<Misbehavior>(['silent', 'endless'])('waits five seconds for a %s server', async (behavior) => {
  const rejected = expect(fetchActions(app.on('/answer', behavior))).rejects.toMatchObject({
    message: expect.stringContaining('within 5000 ms'),
  });
  await app.requests.take(() => true, 'request');
  await clock.advance(5000);
  await rejected;
});

it('delivers events in order and signed to a webhook that fails at first', async () => {
  const failures: Misbehavior[] = ['reset', 503];
  app.webhook = () => failures.shift() ?? 204;
  const retryClock = new VirtualClock(clock.now());
  const events = [1, 2, 3].map((sequence) => eventRecord(sequence));
  const saved: (number | null)[] = [];
  const done = Promise.withResolvers<void>();
  let onSaved = () => {};
  const deliveries = new Deliveries({
    http,
    clock: retryClock,
    random: seededRandom(1),
    ids: new Ids(retryClock),
    log: silentLog,
    open: String,
    sensitive: new SensitiveCalls(retryClock),
    target: () => ({ url: app.webhookUrl, secrets: ['s3cret'] }),
    store: {
      pendingEvents: async () => ({ events, more: false }),
      parkedEvents: async () => ({ count: 0, oldestAt: null }),
      nextDueAt: async () => null,
      dueEvents: async () => [],
      event: async () => undefined,
      saveEventState: async () => {},
      written: async () => {},
      eraseSealed: async () => {},
      saveAttempt: async ({ status }) => {
        saved.push(status);
        onSaved();
        if (saved.length === 5) done.resolve();
      },
    },
  });
  // Advances the virtual time to the next attempt as soon as one is recorded.
  onSaved = () => void Promise.resolve().then(() => retryClock.advance(60_000));
  await deliveries.start();
  await done.promise;
  await deliveries.drain(1000);
  expect(saved).toEqual([null, 503, 204, 204, 204]);
  expect(app.events.all.map(({ data }) => data['sequence'])).toEqual([1, 1, 1, 2, 3]);
  expect(app.events.all.every(({ verified }) => verified)).toBe(true);
  expect(app.events.all[0]?.rawBody).toBe(app.events.all[2]?.rawBody);
});
