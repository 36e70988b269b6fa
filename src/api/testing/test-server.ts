import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LightMyRequestResponse } from 'fastify';
import { Billing } from '../../billing/index.ts';
import { Failure, seededRandom, silentLog, systemClock } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { Directory, SecretBox } from '../../directory/index.ts';
import { aTranscript, someParts } from '../../insights/testing/records.ts';
import { Eraser, FileLinks, RecordingFiles } from '../../recordings/index.ts';
import { openSqliteStorage } from '../../storage/index.ts';
import { aCall, aRecording } from '../../storage/testing/records.ts';
import { type Api, type ApiDeps, type ApiSettings, type CallOrder, createApi } from '../index.ts';
import { FakeLiveCalls } from './live-calls.ts';

export const ADMIN_TOKEN = 'the-operator';
/** The built-in voices of the test server. */
const VOICES: ApiDeps['voices'] = [
  { voice: 'rms', gender: 'male', languages: ['en', 'en-us'], engine: 'flite' },
  { voice: 'slt', gender: 'female', languages: ['en', 'en-us'], engine: 'flite' },
  { voice: 'rms', gender: 'male', languages: ['de', 'fr'], engine: 'espeak-ng' },
];
/** The content of the recording's file, 100 bytes. */
export const FILE = Buffer.from('RIFF, and then a hundred bytes of sound'.padEnd(100, '.'));

/** The orders that the test server received, instead of carrying them out. */
class Received {
  readonly placed: CallOrder[] = [];
  readonly redelivered: string[] = [];
  readonly reprocessed: string[] = [];
}

/** Opens a database in memory, or in `file`, with the modules that work on it. */
async function openModules(file: string, folder: string) {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const storage = await openSqliteStorage({ file, clock, hasWebhook: () => true });
  const secrets = new SecretBox(Buffer.alloc(32, 1), random);
  const directory = await Directory.open(storage, { clock, random, ids: storage.ids, secrets });
  const billingDeps = { store: storage, journal: storage, ids: storage.ids, clock, log: silentLog };
  const billing = await Billing.open(billingDeps);
  const files = new RecordingFiles(folder);
  const eraser = new Eraser({ store: storage, files, clock: systemClock, log: silentLog });
  return { clock, random, storage, directory, billing, files, eraser };
}

type Modules = Awaited<ReturnType<typeof openModules>>;

/** Places calls in the database only. */
const placeIn =
  ({ storage, clock }: Modules, { placed }: Received): ApiDeps['place'] =>
  async ({ customerId, id: applicationId }, order, idempotencyKey) => {
    placed.push(order);
    const { from, to, metadata, variables, answerUrl } = order;
    const call = aCall(storage.ids.next('call'), {
      ...{ customerId, applicationId, from, to, metadata, variables, answerUrl },
      ...{ status: 'dialing', direction: 'outbound', createdAt: clock.now() },
    });
    await storage.commit({ call, idempotencyKey });
    return call;
  };

function portsOf(modules: Modules, live: FakeLiveCalls, received: Received): Omit<ApiDeps, 'settings'> {
  const { clock, random, storage, directory, billing, files, eraser } = modules;
  return {
    ...{ clock, random, log: silentLog, directory, billing, files, eraser, live, voices: VOICES },
    ...{ calls: storage, idempotency: storage, ledger: storage, quarantine: storage },
    ...{ recordings: storage, events: storage },
    place: placeIn(modules, received),
    node: { number: 7, startedAt: clock.now(), media: () => ({ sessions: 2, beats: 300, lateBeats: 1 }) },
    links: new FileLinks({ publicUrl: () => 'http://voice.test', key: Buffer.from('key'), clock }),
    insights: {
      store: storage,
      async reprocess({ id }) {
        received.reprocessed.push(id);
        return 1;
      },
    },
    deliveries: {
      counts: { pending: 3, oldestMs: 1500, delivered: 5, failed: 1, dead: 0 },
      async redeliver(id) {
        if (!(await storage.event(id))) throw new Failure('event_not_found', 'event not found');
        received.redelivered.push(id);
      },
    },
    ready: () => storage.ping(),
  };
}

/**
 * Starts the REST API on a real SQLite database, without a port and without customers.
 * @param overrides replaces dependencies. @param file the database; in memory by default.
 */
export async function startTestServer(
  settings: Partial<ApiSettings> = {},
  overrides: Partial<ApiDeps> = {},
  file = ':memory:',
) {
  const folder = mkdtempSync(join(tmpdir(), 'minivoice-api-'));
  const modules = await openModules(file, folder);
  const { clock, storage, directory, billing } = modules;
  const live = new FakeLiveCalls();
  const received = new Received();
  const deps: ApiDeps = {
    ...portsOf(modules, live, received),
    settings: { version: '1.2.3', adminToken: ADMIN_TOKEN, allowPrivateUrls: false, ...settings },
    ...overrides,
  };
  const api = createApi(deps);
  return {
    ...{ api, deps, storage, directory, billing, live, clock, folder },
    ...received,
    /** Sends a request with an API key or token, and with a body if there is one. */
    request: (method: string, url: string, key?: string, body?: unknown, extraHeaders = {}) =>
      sendTo(api, method, url, key, body, extraHeaders),
    async close() {
      await api.close();
      await storage.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function sendTo(
  api: Api,
  method: string,
  url: string,
  key: string | undefined,
  body: unknown,
  extraHeaders: object,
): Promise<TestResponse> {
  const headers = {
    ...extraHeaders,
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  const options = { method: method as 'GET', url, headers, ...(body === undefined ? {} : { payload }) };
  return responseOf(await api.inject(options));
}

export type TestServer = Awaited<ReturnType<typeof startTestServer>>;

export interface TestResponse {
  status: number;
  headers: LightMyRequestResponse['headers'];
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it expects in a response.
  body: any;
  text: string;
}

function responseOf({ statusCode, headers, payload }: LightMyRequestResponse): TestResponse {
  const isJson = String(headers['content-type']).startsWith('application/json');
  return {
    status: statusCode,
    headers,
    text: payload,
    body: isJson && payload !== '' ? JSON.parse(payload) : undefined,
  };
}

/** Creates a customer with an application, a key, a number, a trunk, a phone, and a recorded call. */
export async function seedCustomer(server: TestServer, name: string, number: string) {
  const { directory, storage, folder } = server;
  const customer = await directory.createCustomer({ name });
  const customerId = customer.id;
  const webhookUrl = 'https://example.com/hook';
  const answerUrl = 'https://example.com/answer';
  const created = await directory.createApplication({ customerId, name, answerUrl, webhookUrl });
  const applicationId = created.application.id;
  const did = await directory.dids.create({ customerId, applicationId, numberE164: number });
  const trunk = await directory.trunks.create({
    customerId,
    name,
    proxy: 'sip.example.com',
    password: 'pst',
  });
  const { phone } = await directory.phones.create({ customerId, username: `${name}-phone` });
  const owner = { customerId, applicationId, routingTarget: applicationId };
  const call = aCall(storage.ids.next('call'), { ...owner, to: number, status: 'in_progress' });
  const recording = aRecording(call, {
    status: 'completed',
    sizeBytes: FILE.length,
    durationMs: 61_999,
    endedAt: call.createdAt + 62_000,
    endedBy: 'stop_recording',
    sha256: createHash('sha256').update(FILE).digest('hex'),
  });
  writeFileSync(join(folder, recording.file), FILE);
  const at = call.createdAt;
  await storage.commit({
    call,
    recording,
    events: [
      { event: 'call.created', at, call, data: {} },
      { event: 'call.answered', at, call, data: {} },
    ],
    timeline: [{ callId: call.id, at, kind: 'action', data: { type: 'say' } }],
  });
  const source = { recordingId: recording.id, callId: call.id, applicationId };
  await storage.commit({ insights: { transcript: aTranscript(source) } });
  for (const part of someParts(source)) await storage.commit({ insights: { part } });
  const { data: events } = await storage.events({ callId: call.id }, { limit: 10 });
  return { ...created, customer, did, trunk, phone, call, recording, event: events[0]!, key: created.apiKey };
}

export type SeededCustomer = Awaited<ReturnType<typeof seedCustomer>>;
