/**
 * Measures setting up and ending calls, each answered with a document of `answer_url`, stored, and reported by three
 * webhooks. sipp calls, talks for 200 ms, and hangs up; a new server for each rate. Counted is the CPU of the server's
 * whole process until the last webhook is delivered. `--cold` measures the first calls of the process.
 */
import { sleep, systemClock } from '../src/core/index.ts';
import type { Options } from './options.ts';
import { percentile, type Row } from './row.ts';
import type { ApplicationProcess } from './support/application-process.ts';
import { loadCore, threadsBetween, type Usage, usageOf } from './support/process.ts';
import { type Called, callWithSipp } from './support/sipp.ts';
import { startTarget } from './support/target.ts';

/** The caller hangs up long before. */
const DOCUMENT = { actions: [{ pause: { seconds: 30 } }] };
/** call.created, call.answered, call.completed. */
const EVENTS = 3;
const WARM_UP_SECONDS = 4;
const OTHER_SERVER_MS = 500;

export async function run(options: Options): Promise<Row[]> {
  const rows: Row[] = [];
  for (const rate of options.rate) rows.push(...(await atRate(rate, options)));
  return rows;
}

async function atRate(rate: number, options: Options): Promise<Row[]> {
  const target = await startTarget(options);
  try {
    const { to, application } = await target.offer('answer', DOCUMENT);
    const load = { server: target.sip, to, talkMs: 200, processor: loadCore(options.core), refusable: true };
    const callFor = (seconds: number, rate: number) =>
      callWithSipp({ ...load, rate, calls: Math.round(rate * seconds) });
    const warmUp = options.cold ? 0 : (await callFor(WARM_UP_SECONDS, rate / 2)).answerMs.length;
    await delivered(application, warmUp);
    const before = target.pid > 0 && usageOf(target.pid);
    const called = await callFor(options.seconds, rate);
    await delivered(application, warmUp + called.answerMs.length);
    const after = target.pid > 0 && usageOf(target.pid);
    const name = `${rate} new calls per second${options.cold ? ', cold' : ''}:`;
    const rows = await resultRows(name, called, rate * options.seconds, application);
    if (before && after) rows.push(...cpuRows(name, before, after, called.answerMs.length));
    return rows;
  } finally {
    await target.close();
  }
}

async function resultRows(
  name: string,
  { answerMs, refusalMs, failed, retransmissions }: Called,
  calls: number,
  application?: ApplicationProcess,
): Promise<Row[]> {
  const { failures } = (await application?.counts()) ?? { failures: 0 };
  return [
    { name: `${name} refused`, value: (100 * refusalMs.length) / calls, unit: '%', budget: 0, noise: 0.5 },
    { name: `${name} failed`, value: failed + failures, unit: 'calls', budget: 0 },
    { name: `${name} messages sent again`, value: retransmissions, unit: '', noise: 5 },
    { name: `${name} INVITE to 200, median`, value: percentile(answerMs, 0.5), unit: 'ms', noise: 3 },
    {
      name: `${name} INVITE to 200, 99th percentile`,
      value: percentile(answerMs, 0.99),
      unit: 'ms',
      noise: 20,
    },
  ];
}

function cpuRows(name: string, before: Usage, after: Usage, calls: number): Row[] {
  const threads = threadsBetween(before, after).map(([thread, ms]): Row => {
    return {
      name: `${name} CPU of a call, thread ${thread}`,
      value: ms / calls,
      unit: 'ms',
      better: 'neither',
    };
  });
  const used = after.cpuMs - before.cpuMs;
  const share = (100 * used) / (after.at - before.at);
  return [
    { name: `${name} CPU of a call`, value: used / calls, unit: 'ms' },
    ...threads,
    { name: `${name} CPU of the server`, value: share, unit: '% of a core', better: 'neither' },
  ];
}

/** Waits until the events of so many calls have been received; fails after 10 s. Another server gets a moment. */
async function delivered(application: ApplicationProcess | undefined, calls: number): Promise<void> {
  if (!application) return sleep(systemClock, OTHER_SERVER_MS);
  for (let tries = 0; tries < 100; tries++) {
    const { received } = await application.counts();
    if (received >= calls * EVENTS) return;
    await sleep(systemClock, 100);
  }
  throw new Error(`after 10 s, not all events of ${calls} calls have arrived`);
}
