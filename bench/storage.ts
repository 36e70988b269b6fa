import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { CallRecord } from '../src/calls/index.ts';
import { systemClock } from '../src/core/index.ts';
import { openSqliteStorage, type Storage } from '../src/storage/index.ts';
import type { EventRecord } from '../src/webhooks/index.ts';
import type { Row } from './row.ts';
import { deliver, timelineLine } from './support/stored-call.ts';

const CALLS = 3_000;
/** Measures database writes of calls that change in the same turn of the event loop, as under load. */
const AT_ONCE = 3;

/** What the storage costs the thread that carries calls. */
export async function run(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'minivoice-bench-'));
  const file = join(folder, 'minivoice.sqlite');
  const storage = await openSqliteStorage({ file, clock: systemClock, hasWebhook: () => true });
  try {
    await sustain(storage, CALLS / 10);
    const [used, pauses] = await measured(() => sustain(storage, CALLS));
    const [listed] = await measured(() => list(storage));
    return [
      {
        name: 'storage: CPU of a whole call, its events and their delivery',
        value: used / CALLS,
        unit: 'µs',
        budget: 600,
      },
      // On a shared machine, the longest pause says more about other processes than about the storage.
      {
        name: 'storage: pause of the thread while calls are written, 99.9 of 100',
        value: pauses.percentile(99.9) / 1e6,
        unit: 'ms',
        budget: 20,
      },
      { name: 'storage: longest pause of the thread', value: pauses.max / 1e6, unit: 'ms' },
      { name: 'storage: CPU of a list of 50 calls', value: listed / LISTS, unit: 'µs', budget: 5_000 },
    ];
  } finally {
    await storage.close();
    await rm(folder, { recursive: true });
  }
}

/** @returns microseconds of CPU of the whole process, and the pauses of the event loop in nanoseconds. */
async function measured(
  work: () => Promise<void>,
): Promise<[cpu: number, pauses: ReturnType<typeof monitorEventLoopDelay>]> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  delay.disable();
  return [user + system, delay];
}

async function sustain(storage: Storage, calls: number): Promise<void> {
  for (let done = 0; done < calls; done += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => wholeCall(storage)));
  }
}

async function wholeCall(storage: Storage): Promise<void> {
  const events: EventRecord[] = [];
  const dialing = callOf(storage);
  const stop = storage.onCommitted.on((fresh) => {
    events.push(...fresh.filter((event) => event.callId === dialing.id));
  });
  await step(storage, dialing, 'call.created');
  await step(
    storage,
    { ...dialing, status: 'in_progress', answeredAt: dialing.createdAt + 5 },
    'call.answered',
  );
  await step(storage, { ...dialing, status: 'completed', endedAt: dialing.createdAt + 9 }, 'call.completed');
  stop();
  await Promise.all(events.map((event) => deliver(storage, event)));
}

function step(storage: Storage, call: CallRecord, event: string): Promise<void> {
  const line = timelineLine(call);
  const draft = { event, at: call.createdAt, call, data: { reason: 'normal', duration_seconds: 12 } };
  return storage.commit({ call, events: [draft], timeline: [line, line] });
}

const LISTS = 50;

async function list(storage: Storage): Promise<void> {
  for (let n = 0; n < LISTS; n += 1) await storage.calls({ applicationId: 'app_bench' }, { limit: 50 });
}

function callOf(storage: Storage): CallRecord {
  return {
    id: storage.ids.next('call'),
    customerId: 'cust_bench',
    applicationId: 'app_bench',
    providerCallId: '2d1b6f0e-6f57-4a53-9a53-2f6f4e0c8a11',
    status: 'dialing',
    direction: 'inbound',
    from: '+15550100001',
    to: '+15550100000',
    answerUrl: 'https://example.test/answer',
    metadata: { order: 'A-1' },
    variables: { language: 'en' },
    routeMode: 'webhook',
    routingTarget: 'app_bench',
    createdAt: systemClock.now(),
    dialingAt: null,
    ringingAt: null,
    answeredAt: null,
    endedAt: null,
    reason: null,
    endedBy: null,
    sipStatus: null,
    error: null,
    costAmount: null,
    costCurrency: null,
    sipHeaders: {},
  };
}
