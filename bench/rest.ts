/**
 * Measures the longest block of the main thread by one request, for each REST route. Bodies attack the parsing and the
 * validation of JSON, and data has the largest size that the contract permits. A block is the CPU time that the thread
 * uses in one turn of the event loop, so that other work on the machine does not count.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ROUTES } from '../src/api/index.ts';
import { ADMIN_TOKEN, startTestServer } from '../src/api/testing/test-server.ts';
import type { Row } from './row.ts';
import type { Asked } from './support/rest-client.ts';
import { fill } from './support/rest-data.ts';

const BUDGET_MS = 50;
const KIB = 1024;

export async function run(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'minivoice-bench-'));
  const server = await startTestServer({}, {}, join(folder, 'minivoice.db'));
  const client = new Worker(new URL('./support/rest-client.ts', import.meta.url), {
    workerData: await server.api.listen('127.0.0.1', 0),
  });
  try {
    const filled = await fill(server);
    const rows: Row[] = [];
    for (const route of ROUTES) rows.push(await longest(route, filled, client));
    return rows;
  } finally {
    await client.terminate();
    await server.close();
    await rm(folder, { recursive: true });
  }
}

type Filled = Awaited<ReturnType<typeof fill>>;
type Route = (typeof ROUTES)[number];

/** The worst of all requests to a route. */
async function longest(route: Route, filled: Filled, client: Worker): Promise<Row> {
  const { method, auth } = route;
  const key = auth === 'admin' || auth === 'metrics' ? ADMIN_TOKEN : filled.key;
  let value = 0;
  let worst = '';
  const bodies =
    route.body || route.raw ? Object.entries(hostile(route.maxBytes ?? 256 * KIB)) : [['', undefined]];
  // With an empty body this one takes the key away with which the others ask.
  if (route.path.endsWith('/keys')) bodies.shift();
  for (const path of pathsOf(route, filled)) {
    for (const [name, body] of bodies as [string, string | undefined][]) {
      const asked = { method, path, key, body };
      const first = await hold(client, asked);
      const { status } = first;
      // The better of two: garbage of the request before is no part of this one.
      const ms = method === 'DELETE' ? first.ms : Math.min(first.ms, (await hold(client, asked)).ms);
      if ([0, 401, 429].includes(status)) throw new Error(`${method} ${path} answered ${status}`);
      if (ms > value)
        [value, worst] = [ms, [path.split('?')[1]?.slice(0, 60), name, status].filter(Boolean).join(' ')];
    }
  }
  return { name: `rest: ${method} ${route.path} (${worst})`, value, unit: 'ms', budget: BUDGET_MS };
}

/** Asks once, and watches the main thread meanwhile. */
async function hold(client: Worker, asked: Asked): Promise<{ ms: number; status: number }> {
  const used = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let ms = 0;
  let before = used();
  let running = true;
  const turn = () => {
    const now = used();
    ms = Math.max(ms, now - before);
    before = now;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  const answered = once(client, 'message');
  client.postMessage(asked);
  const [{ status }] = await answered;
  running = false;
  return { ms, status };
}

/** Every address of a route: with its parameters, the most rows, and filters that find little. */
function pathsOf({ method, path }: Route, filled: Filled): string[] {
  const kind = /^(?:\/admin)?\/v1\/(\w+)/.exec(path)?.[1] ?? '';
  const ids: Record<string, string> = {
    applications: filled.application.id,
    customers: filled.customer.id,
    calls: filled.call.id,
    recordings: filled.recording,
    events: filled.event.id,
    dids: filled.did.id,
    trunks: filled.trunk.id,
    phones: filled.phone.id,
  };
  // What is deleted is not needed for the routes that follow.
  const spare = kind === 'calls' ? filled.spare.id : 'none';
  const id = method === 'DELETE' ? spare : (ids[kind] ?? 'none');
  const plain = path.replace(':id', id).replace(':e164', '%2B15550100000');
  return [plain, ...(method === 'GET' ? (QUERIES[path] ?? []).map((query) => `${plain}?${query}`) : [])];
}

const QUERIES: Record<string, string[]> = {
  '/v1/calls': [
    'limit=200',
    'limit=200&direction=outbound',
    'limit=200&status=completed&direction=outbound',
    'limit=200&from=%2B15550100001&direction=outbound',
    `limit=200&from=${'x'.repeat(512)}`,
  ],
  '/v1/calls/:id/timeline': ['limit=1000'],
  '/v1/calls/:id/events': ['limit=200'],
  '/v1/events': ['limit=200', 'limit=200&state=pending&event=call.answered', 'limit=200&event=none'],
  '/v1/events/:id/attempts': ['limit=200'],
  '/v1/applications': ['limit=200'],
  '/admin/v1/applications': ['limit=200'],
  '/v1/recordings': ['limit=200', 'limit=200&status=started'],
  '/v1/transcriptions': [
    'limit=200',
    'limit=200&q=parcel',
    `limit=200&q=${'parcel%20'.repeat(60)}`,
    'limit=200&q=none',
  ],
  '/v1/usage': ['from=2020-01-01T00:00:00Z&to=2040-01-01T00:00:00Z'],
};

/** Bodies that cost the most to read or to check, of about so many bytes. */
function hostile(bytes: number): Record<string, string> {
  const list = (item: string) => `${item},`.repeat(Math.floor((bytes - 200) / (item.length + 1)));
  const fields = (count: number) => Array.from({ length: count }, (_, n) => `"f${n}":0`).join();
  const call = '"from":"+15550100000","to":"+15550100001"';
  return {
    empty: '{}',
    'broken at its end': `[${list('0')}]`,
    'broken objects': `[${list('{}')}]`,
    'broken lists': `[${list('[]')}]`,
    'broken string': `"${'\\u0041'.repeat(Math.floor(bytes / 6) - 10)}`,
    'line breaks': `${'\n'.repeat(bytes - 10)}x`,
    deep: '['.repeat(bytes - 10),
    fields: `{${fields(9_900)}}`,
    'too many fields': `{${fields(Math.floor(bytes / 12))}}`,
    metadata: `{${call},"metadata":{${fields(9_900)}}}`,
    variables: `{${call},"variables":{${fields(9_900)}}}`,
    'list of numbers': `{${call},"actions":[${list('0')}0]}`,
    'list of objects': `{${call},"actions":[${list('{}')}{}]}`,
    'actions with fields': `{${call},"actions":[${Array.from({ length: 99 }, () => `{"say":{${fields(99)}}}`).join()}]}`,
    'long text': `{"from":"sip:${'a'.repeat(bytes - 100)}","name":"","username":"x"}`,
    'long URL': `{"name":"x","answer_url":"https://a.example/${'%'.repeat(bytes - 100)}"}`,
    'long language': `{"name":"x","language":"en${'-aa'.repeat(Math.floor(bytes / 3) - 50)}"}`,
    scorecard: `{"name":"x","scorecard":[${list('{}')}{}]}`,
  };
}
