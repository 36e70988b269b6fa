/**
 * Measures the CPU cost of setting up and ending a call. The server runs on one core, its application and sipp on the
 * other. Alone: `node bench/setup.ts --rate 300 --seconds 8 [--profile FOLDER]`.
 */
import { parseArgs } from 'node:util';
import { launchAsIs, Server } from '../e2e/support/server.ts';
import { sleep, systemClock } from '../src/core/index.ts';
import type { Row } from './row.ts';
import { ApplicationProcess } from './support/application-process.ts';
import { pin, type Usage, usageOf } from './support/process.ts';
import { callWithSipp } from './support/sipp.ts';

interface Options {
  /** Calls a second. */
  rate: number;
  seconds: number;
  /** Where the server leaves a profile of its CPU. */
  profile?: string | undefined;
}

const NUMBER = '+15550107777';
const SERVER_CORE = 0;
const LOAD_CORE = 1;
/** The caller hangs up long before. */
const DOCUMENT = { actions: [{ pause: { seconds: 30 } }] };
/** call.created, call.answered, call.completed. */
const EVENTS = 3;

export async function run(options: Options = { rate: 300, seconds: 8 }): Promise<Row[]> {
  // This process reads the server's log, and that is load too.
  pin(process.pid, LOAD_CORE);
  const application = await ApplicationProcess.start(DOCUMENT, LOAD_CORE);
  const env = options.profile ? { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${options.profile}` } : {};
  const server = await Server.start({ launch: launchAsIs, env });
  try {
    pin(server.pid, SERVER_CORE);
    await server.application({ ...application.urls, webhook_secret: 'a secret' }, NUMBER);
    return await measure(server, application, options);
  } finally {
    await server.stop();
    application.close();
  }
}

async function measure(server: Server, application: ApplicationProcess, { rate, seconds }: Options) {
  const load = { server: server.sip, to: NUMBER, talkMs: 200, processor: LOAD_CORE };
  await callWithSipp({ ...load, rate: rate / 2, calls: rate * 2 });
  await allTold(application, rate * 2 * EVENTS);
  const calls = rate * seconds;
  const before = usageOf(server.pid);
  const called = await callWithSipp({ ...load, rate, calls });
  await allTold(application, (rate * 2 + calls) * EVENTS);
  const after = usageOf(server.pid);
  const { failures } = await application.counts();
  const { answerMs } = called;
  const name = `${rate} calls a second on one core:`;
  return [
    { name: `${name} failed`, value: calls - called.succeeded + failures, unit: 'calls', budget: 0 },
    { name: `${name} messages sent again`, value: called.retransmissions, unit: '' },
    { name: `${name} CPU of a call`, value: (after.cpuMs - before.cpuMs) / calls, unit: 'ms', budget: 3.3 },
    ...threadRows(name, before, after, calls),
    { name: `${name} INVITE to 200, median`, value: at(answerMs, 0.5), unit: 'ms', budget: 20 },
    { name: `${name} INVITE to 200, 99 of 100`, value: at(answerMs, 0.99), unit: 'ms' },
  ];
}

function threadRows(name: string, before: Usage, after: Usage, calls: number): Row[] {
  return [...after.threads]
    .map(([thread, ms]) => ({ thread, ms: (ms - (before.threads.get(thread) ?? 0)) / calls }))
    .filter(({ ms }) => ms > 0.02)
    .map(({ thread, ms }) => ({ name: `${name} CPU of a call, thread ${thread}`, value: ms, unit: 'ms' }));
}

const at = (sorted: number[], part: number): number => sorted[Math.floor(sorted.length * part)] ?? Number.NaN;

/** Waits until the application has received every event; fails after 10 s. */
async function allTold(application: ApplicationProcess, events: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const { received } = await application.counts();
    if (received >= events) return;
    await sleep(systemClock, 100);
  }
  throw new Error(`of ${events} events ${(await application.counts()).received} arrived`);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      rate: { type: 'string', default: '300' },
      seconds: { type: 'string', default: '8' },
      profile: { type: 'string' },
    },
  });
  const rows = await run({
    rate: Number(values.rate),
    seconds: Number(values.seconds),
    profile: values.profile,
  });
  for (const row of rows) console.log(`${row.name}: ${row.value.toFixed(3)} ${row.unit}`);
}
