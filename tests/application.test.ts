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

// What asks applications, over real sockets, against the application that the e2e tests use.

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

function ask(url: string, method: 'GET' | 'POST' = 'POST') {
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

it.each(['GET', 'POST'] as const)(
  'an application is asked with a signed %s and answers with actions',
  async (method) => {
    const url = app.on('/answer', ({ query, body }) => [
      { say: { text: `Hello ${query['from'] ?? body.call?.['from']}` } },
    ]);
    expect(await ask(`${url}?tenant=7`, method)).toMatchObject([{ type: 'say', text: 'Hello +15550001111' }]);
    expect(app.requests.all).toMatchObject([
      { method, path: '/answer', query: { tenant: '7' }, verified: true },
    ]);
  },
);

it.each<[Misbehavior, number, string]>([
  ['garbage', 1, 'invalid action payload'],
  ['huge', 1, 'invalid action payload'],
  ['reset', 2, 'the connection ended without an answer'],
  [500, 2, 'the server answered with 500'],
  [302, 1, 'the server answered with 302'],
])('a server that answers with %s is asked so many times: %i', async (answer, times, message) => {
  await expect(ask(app.on('/answer', answer))).rejects.toMatchObject({
    code: 'answer_url_error',
    message: expect.stringContaining(message),
  });
  expect(app.requests.all).toHaveLength(times);
});

it.each<Misbehavior>(['silent', 'endless'])('a %s server is given five seconds', async (answer) => {
  const asked = expect(ask(app.on('/answer', answer))).rejects.toMatchObject({
    message: expect.stringContaining('within 5000 ms'),
  });
  await app.requests.take(() => true, 'request');
  await clock.advance(5000);
  await asked;
});

it('events reach the webhook verified and in order, though it fails at first', async () => {
  const failures: Misbehavior[] = ['reset', 503];
  app.webhook = () => failures.shift() ?? 204;
  const waits = new VirtualClock(clock.now());
  const events = [1, 2, 3].map((sequence) => eventRecord(sequence));
  const saved: (number | null)[] = [];
  const kept = Promise.withResolvers<void>();
  let onSaved = () => {};
  const deliveries = new Deliveries({
    http,
    clock: waits,
    random: seededRandom(1),
    ids: new Ids(waits),
    log: silentLog,
    open: String,
    sensitive: new SensitiveCalls(waits),
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
        if (saved.length === 5) kept.resolve();
      },
    },
  });
  // A failure is a wait in virtual time, which passes as soon as it is recorded.
  onSaved = () => void Promise.resolve().then(() => waits.advance(60_000));
  await deliveries.start();
  await kept.promise;
  await deliveries.drain(1000);
  expect(saved).toEqual([null, 503, 204, 204, 204]);
  expect(app.events.all.map(({ data }) => data['sequence'])).toEqual([1, 1, 1, 2, 3]);
  expect(app.events.all.every(({ verified }) => verified)).toBe(true);
  expect(app.events.all[0]?.rawBody).toBe(app.events.all[2]?.rawBody);
});
