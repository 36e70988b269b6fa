/**
 * Measures the memory of a running recorded call, and searches for leaks of ended calls. All values include all threads
 * of the server, after a garbage collection; resident memory also contains what the allocators keep for later.
 */
import { kill } from 'node:process';
import type { Server } from '../e2e/support/server.ts';
import { sleep, systemClock } from '../src/core/index.ts';
import type { Options } from './options.ts';
import type { Row } from './row.ts';
import { ApplicationProcess } from './support/application-process.ts';
import { PhonesProcess } from './support/phones-process.ts';
import { applicationCore, loadCore, pin, usageOf } from './support/process.ts';
import { callWithSipp } from './support/sipp.ts';
import { startMiniVoice } from './support/target.ts';

interface Memory {
  /** By thread: bytes of heap and buffers. */
  threads: Map<number, number>;
  residentKb: number;
}

const RECORDED = '+15550107780';
const SHORT = '+15550107781';
const FIRST_PORT = 30_000;
const RATE = 250;
/** RFC 3261 §17.2.2: a transaction is remembered for 32 s, for those whose response was lost. */
const TRANSACTION_MS = 34_000;

export async function run(options: Options): Promise<Row[]> {
  pin(process.pid, applicationCore(options.core));
  const collect = new URL('./support/collect.ts', import.meta.url);
  const server = await startMiniVoice(options, { NODE_OPTIONS: `--import=${collect}` });
  try {
    const rows: Row[] = [];
    for (const calls of options.calls) rows.push(...(await recorded(server, calls, options.core)));
    if (options.short > 0) rows.push(...(await short(server, options.short, options.core)));
    return rows;
  } finally {
    await server.stop();
  }
}

/** Many calls, one after the other: what is there after the first fifth is there after the last. */
async function short(server: Server, calls: number, core: number): Promise<Row[]> {
  const application = await ApplicationProcess.start({ actions: [{ pause: { seconds: 30 } }] });
  await server.application(application.urls, SHORT);
  const load = { server: server.sip, to: SHORT, talkMs: 100, rate: RATE, processor: loadCore(core) };
  await callWithSipp({ ...load, calls: calls / 5 });
  const before = await settled(server, TRANSACTION_MS);
  await callWithSipp({ ...load, calls: (calls * 4) / 5 });
  const after = await settled(server, TRANSACTION_MS);
  application.close();
  const more = grown(before, after);
  const name = `after ${calls} short calls, more than after ${calls / 5}:`;
  return [
    { name: `${name} heap and buffers`, value: more.heapKb, unit: 'KB', budget: 1000 },
    { name: `${name} resident`, value: more.residentKb, unit: 'KB' },
  ];
}

async function recorded(server: Server, calls: number, core: number): Promise<Row[]> {
  const document = { actions: [{ start_recording: {} }, { pause: { seconds: 60 } }] };
  const application = await ApplicationProcess.start(document);
  await server.application(application.urls, RECORDED);
  const phones = await PhonesProcess.start({ firstPort: FIRST_PORT }, loadCore(core));
  const calling = { server: server.sip, to: RECORDED, rate: 60 };
  // What the first calls leave is there once: compiled code, the thread of the database's checkpoints.
  for (let round = 0; round < 2; round++) {
    await phones.call({ ...calling, calls: calls / 2 });
    await phones.hangUpAll();
  }
  // And these take the memory that those have given back.
  await phones.call({ ...calling, calls: calls / 2 });
  const before = await settled(server);
  const { inCall } = await phones.call({ ...calling, calls });
  if (inCall < calls * 1.5) throw new Error(`of ${calls * 1.5} calls, only ${inCall} were answered`);
  const during = await settled(server);
  await phones.hangUpAll();
  // The application stays until it has received the last event.
  await sleep(systemClock, 3000);
  await delivered(server);
  phones.close();
  application.close();
  const name = `${calls} recorded calls more, each:`;
  const more = grown(before, during);
  return [
    { name: `${name} heap and buffers`, value: more.heapKb / calls, unit: 'KB', budget: 100 },
    { name: `${name} resident`, value: more.residentKb / calls, unit: 'KB' },
  ];
}

/** What is in memory when all deliveries are done and the garbage is collected. */
async function settled(server: Server, waitMs = 2000): Promise<Memory> {
  await delivered(server);
  await sleep(systemClock, waitMs);
  const from = server.log.length;
  for (let round = 0; round < 2; round++) {
    kill(server.pid, 'SIGUSR2');
    await sleep(systemClock, 500);
  }
  const threads = new Map<number, number>();
  for (const line of server.log.slice(from)) {
    if (!line.startsWith('{"thread":')) continue;
    const { thread, bytes } = JSON.parse(line);
    threads.set(thread, bytes);
  }
  if (threads.size === 0) throw new Error('the server did not report its memory within a second');
  return { threads, residentKb: usageOf(server.pid).residentKb };
}

/** What has been added, in KB. A thread that was started meanwhile is not of the calls: it comes once. */
function grown(before: Memory, after: Memory): { heapKb: number; residentKb: number } {
  let bytes = 0;
  for (const [thread, then] of before.threads) bytes += (after.threads.get(thread) ?? then) - then;
  return { heapKb: bytes / 1024, residentKb: after.residentKb - before.residentKb };
}

/** Resolves when no event waits for the application; fails after a minute. */
async function delivered(server: Server): Promise<void> {
  for (let tries = 0; tries < 120; tries++) {
    const [pending] = await server.metricValues('events_pending');
    if (pending === 0) return;
    await sleep(systemClock, 500);
  }
  throw new Error('events are still waiting for the application after a minute');
}
