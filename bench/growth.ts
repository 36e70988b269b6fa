/**
 * Measures what a large database costs: writes of whole calls, every list, search, usage, retention, and the reads of a
 * start. `npm run bench -- growth --calls 10000000 --keep FILE` fills FILE once (19 GB), and uses it again in later runs.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ADMIN_TOKEN, startTestServer } from '../src/api/testing/test-server.ts';
import { silentLog, systemClock } from '../src/core/index.ts';
import { Eraser, RecordingFiles } from '../src/recordings/index.ts';
import { openSqliteStorage, type Storage } from '../src/storage/index.ts';
import type { Options } from './options.ts';
import { median, type Row } from './row.ts';
import { type Blocks, blocksDuring, threadCpuMs } from './support/blocks.ts';
import { writeCalls } from './support/growth-calls.ts';
import { apiKey, applicationId, BEGIN, DAY_MS, EVENTS_BEGIN, fillGrowth } from './support/growth-data.ts';
import { type Client, growthRequests } from './support/growth-requests.ts';

const BUDGET_MS = 50;
const REPEATS = 5;
/** Work that takes longer is not repeated. */
const SLOW_MS = 2_000;
const WRITTEN_CALLS = 2_000;
/** A pass of retention is ended after this time: it pauses between steps. */
const RETENTION_MS = 5_000;

const KEYS: Record<Client, string> = { admin: ADMIN_TOKEN, large: apiKey(0), small: apiKey(7) };

type KeptDays = Parameters<Eraser['expire']>[0];

export async function run({ calls, keep }: Options): Promise<Row[]> {
  if (keep && calls.length > 1) throw new Error('--keep needs one number of --calls');
  const folder = await mkdtemp(join(tmpdir(), 'minivoice-bench-'));
  try {
    const rows: Row[] = [];
    for (const size of calls) rows.push(...(await measure(keep || join(folder, `${size}.db`), size)));
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measure(file: string, calls: number): Promise<Row[]> {
  if (!existsSync(file)) await fillGrowth(file, calls);
  const rows = [
    ...(await start(file)),
    ...(await requests(file)),
    ...(await writes(file)),
    ...(await deletions(file)),
  ];
  const size = new Intl.NumberFormat('en').format(calls);
  return rows.map((row) => ({ ...row, name: `growth: ${size} calls: ${row.name}` }));
}

/** The longest block of the main thread, and how long the work took. */
function blockRows(name: string, { ms, cpuMs, wallMs }: Blocks): Row[] {
  const duration = `${ms.toFixed(1)} ms, by the wall clock blocked for ${wallMs.toFixed(1)} ms`;
  console.error(`  ${cpuMs.toFixed(1).padStart(7)} ms  ${name} (${duration})`);
  return [
    {
      name: `${name}: longest block of the main thread`,
      value: cpuMs,
      unit: 'ms',
      budget: BUDGET_MS,
      noise: 5,
    },
    { name: `${name}: duration`, value: ms, unit: 'ms', better: 'neither' },
  ];
}

/** Repeats some work: the median duration, and the longest block of all. */
async function repeated(work: () => Promise<unknown>): Promise<Blocks> {
  const all: Blocks[] = [];
  while (all.length < REPEATS && (all[0]?.ms ?? 0) < SLOW_MS) all.push(await blocksDuring(work));
  const longest = (key: keyof Blocks) => Math.max(...all.map((blocks) => blocks[key]));
  return { ms: median(all.map(({ ms }) => ms)), cpuMs: longest('cpuMs'), wallMs: longest('wallMs') };
}

const opened = (file: string) => openSqliteStorage({ file, clock: systemClock, hasWebhook: () => true });

/** The reads of a start. Nothing else runs then, so that only their sum matters. */
async function start(file: string): Promise<Row[]> {
  // Updates a file of an earlier version.
  await (await opened(file)).close();
  const day = Math.floor(systemClock.now() / DAY_MS) * DAY_MS;
  let storage: Storage | undefined;
  const steps: Record<string, () => Promise<unknown>> = {
    'open the database': async () => {
      storage = await opened(file);
    },
    'load the ledger': () => storage!.loadBilling({ day, month: day - 15 * DAY_MS }),
    'find open calls': () => storage!.openCalls(),
    'find open recordings': () => storage!.openRecordings(),
    'read pending events': () => storage!.pendingEvents(10_000, 64 * 1024 * 1024),
    'count parked events': () => storage!.parkedEvents(),
    'find due events': () => storage!.dueEvents(systemClock.now(), 100),
    'read the queue of insights': () => storage!.backlog(),
    'find the latest id': () => storage!.latestId(),
  };
  const rows: Row[] = [];
  let sum = 0;
  for (const [name, step] of Object.entries(steps)) {
    const { ms } = await blocksDuring(step);
    sum += ms;
    rows.push({ name: `start: ${name}`, value: ms, unit: 'ms' });
  }
  await storage?.close();
  return [...rows, { name: 'start: all reads', value: sum, unit: 'ms', budget: 200 }];
}

/** The worst request of each route. Every request is sent by another thread. */
async function requests(file: string): Promise<Row[]> {
  const server = await startTestServer({}, {}, file);
  const workerData = await server.api.listen('127.0.0.1', 0);
  const client = new Worker(new URL('./support/rest-client.ts', import.meta.url), { workerData });
  try {
    // The first request of a process also compiles the code that serves it.
    await ask(client, '/v1/calls', ADMIN_TOKEN);
    const worst = new Map<string, Blocks>();
    for (const { client: who, path } of await growthRequests(server.storage)) {
      const blocks = await repeated(() => ask(client, path, KEYS[who]));
      blockRows(`${path} as ${who}`, blocks);
      const route = path.replace(/\?.*/, '').replace(/(call|rec|evt)_[^/]+/, ':id');
      if (blocks.cpuMs > (worst.get(route)?.cpuMs ?? 0)) worst.set(route, blocks);
    }
    return [...worst].flatMap(([route, blocks]) => blockRows(`GET ${route}, the worst request`, blocks));
  } finally {
    await client.terminate();
    await server.close();
  }
}

async function ask(client: Worker, path: string, key: string): Promise<void> {
  const answered = once(client, 'message');
  client.postMessage({ method: 'GET', path, key });
  const [{ status }] = await answered;
  if (status !== 200) throw new Error(`GET ${path} answered ${status}`);
}

/** Writes whole calls, with the checkpoints that they cause. */
async function writes(file: string): Promise<Row[]> {
  const storage = await opened(file);
  try {
    await writeCalls(storage, WRITTEN_CALLS / 4);
    const results: Record<'main' | 'all' | 'time', number>[] = [];
    for (let n = 0; n < REPEATS; n += 1) {
      const [began, thread, whole] = [performance.now(), threadCpuMs(), process.cpuUsage()];
      await writeCalls(storage, WRITTEN_CALLS);
      const { user, system } = process.cpuUsage(whole);
      const all = (user + system) / 1000;
      results.push({ main: threadCpuMs() - thread, all, time: performance.now() - began });
    }
    const perCall = (what: 'main' | 'all' | 'time') =>
      (median(results.map((result) => result[what])) / WRITTEN_CALLS) * 1000;
    // Watching the thread costs CPU.
    const blocks = await blocksDuring(() => writeCalls(storage, WRITTEN_CALLS));
    return [
      { name: 'a call: CPU of the main thread', value: perCall('main'), unit: 'µs', budget: 800 },
      { name: 'a call: CPU of all threads', value: perCall('all'), unit: 'µs' },
      { name: 'a call: time', value: perCall('time'), unit: 'µs' },
      ...blockRows(`write ${WRITTEN_CALLS} calls`, blocks),
    ];
  } finally {
    await storage.close();
  }
}

/** Ages out a day of each kind of data, and erases a call. */
async function deletions(file: string): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'minivoice-bench-'));
  const storage = await opened(file);
  const eraser = () =>
    new Eraser({ store: storage, files: new RecordingFiles(folder), clock: systemClock, log: silentLog });
  const daysSince = (at: number) => (systemClock.now() - at) / DAY_MS;
  const never: KeptDays = { calls: 0, recordings: 0, events: 0, timelines: 0, charges: 0 };
  const passes: Record<string, KeptDays> = {
    'expire events': { ...never, events: daysSince(EVENTS_BEGIN + DAY_MS) },
    'expire timelines': { ...never, timelines: daysSince(EVENTS_BEGIN + DAY_MS) },
    'expire charges': { ...never, charges: daysSince(BEGIN + DAY_MS) },
    'expire calls and recordings': {
      ...never,
      calls: daysSince(BEGIN + DAY_MS),
      recordings: daysSince(BEGIN + DAY_MS),
    },
    'examine calls that recordings keep': { ...never, calls: daysSince(EVENTS_BEGIN - DAY_MS) },
  };
  try {
    const rows: Row[] = [];
    const { data } = await storage.calls({ applicationId: applicationId(0) }, { limit: REPEATS });
    const one = eraser();
    const erased = data.values();
    const erase = () => one.eraseCall(erased.next().value!.id);
    rows.push(...blockRows('erase a call', await repeated(erase)));
    for (const [name, days] of Object.entries(passes)) rows.push(...(await expire(name, eraser(), days)));
    return rows;
  } finally {
    await storage.close();
    await rm(folder, { recursive: true });
  }
}

async function expire(name: string, eraser: Eraser, days: KeptDays): Promise<Row[]> {
  const timer = systemClock.after(RETENTION_MS, () => void eraser.close());
  const blocks = await blocksDuring(() => eraser.expire(days));
  timer.cancel();
  await eraser.close();
  return blockRows(name, blocks);
}
