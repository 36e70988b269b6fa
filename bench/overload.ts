/**
 * Measures running recorded calls while more new calls arrive than one core can take.
 */
import type { Server } from '../e2e/support/server.ts';
import { sleep, systemClock } from '../src/core/index.ts';
import type { Options } from './options.ts';
import { percentile, type Row } from './row.ts';
import { ApplicationProcess } from './support/application-process.ts';
import { PhonesProcess } from './support/phones-process.ts';
import { applicationCore, loadCore, pin, usageOf } from './support/process.ts';
import { callWithSipp, type Load } from './support/sipp.ts';
import { lateBeats, snapshot, startMiniVoice } from './support/target.ts';

const RECORDED = '+15550107781';
const NEW = '+15550107782';
const PLAY = { play: { url: 'HERE/tone.wav', loop: 10 } };
const FIRST_PORT = 32_000;

export async function run(options: Options): Promise<Row[]> {
  const core = applicationCore(options.core);
  pin(process.pid, core);
  const recorded = await ApplicationProcess.start({ actions: [{ start_recording: {} }, PLAY, PLAY] }, core);
  const quick = await ApplicationProcess.start({ actions: [{ pause: { seconds: 30 } }] }, core);
  const server = await startMiniVoice(options);
  const phones = await PhonesProcess.start({ firstPort: FIRST_PORT }, loadCore(options.core));
  try {
    const { apiKey } = await server.application(recorded.urls, RECORDED);
    await server.application({ ...quick.urls, webhook_secret: 'a secret' }, NEW);
    return await measure(server, phones, apiKey, options);
  } finally {
    phones.close();
    await server.stop();
    recorded.close();
    quick.close();
  }
}

async function measure(server: Server, phones: PhonesProcess, key: string, options: Options) {
  const { seconds, core } = options;
  const [calls, rate] = [options.calls[0]!, options.rate[0]!];
  const load = { server: server.sip, to: NEW, talkMs: 200, processor: loadCore(core) };
  await phones.call({ server: server.sip, to: RECORDED, calls, rate: 30 });
  await callWithSipp({ ...load, rate: 100, calls: 300 });
  await sleep(systemClock, 2000);
  const before = await snapshot(server);
  const peak = highest(() => usageOf(server.pid).residentKb);
  const came = await callWithSipp({ ...load, rate, calls: rate * seconds, refusable: true });
  const at = performance.now();
  const after = await snapshot(server);
  const { answerMs } = await normal(load);
  const back = (performance.now() - at) / 1000;
  const [highestKb] = await Promise.all([peak(), sleep(systemClock, 10_000)]);
  const rested = usageOf(server.pid).residentKb;
  const report = await phones.hangUpAll();
  await sleep(systemClock, 1000);
  const kept = await recordings(server, key);
  const name = `${rate} calls per second for ${seconds} s beside ${calls} recorded ones:`;
  const took = after.at - before.at;
  const { refusalMs } = came;
  const ofSent = (count: number) => ({ value: (100 * count) / report.sent, unit: '%' });
  return [
    { name: `${name} taken`, value: came.answerMs.length / (took / 1000), unit: 'per second' },
    { name: `${name} refused`, value: refusalMs.length / (took / 1000), unit: 'per second' },
    { name: `${name} neither`, value: came.failed, unit: 'calls' },
    { name: `${name} INVITE to 200, median`, value: percentile(came.answerMs, 0.5), unit: 'ms' },
    { name: `${name} INVITE to 200, 99th percentile`, value: percentile(came.answerMs, 0.99), unit: 'ms' },
    { name: `${name} INVITE to 503, median`, value: percentile(refusalMs, 0.5), unit: 'ms' },
    { name: `${name} INVITE to 503, 99th percentile`, value: percentile(refusalMs, 0.99), unit: 'ms' },
    { name: `${name} CPU used`, value: (after.cpuMs - before.cpuMs) / took, unit: 'of a core' },
    { name: `${name} late beats`, value: lateBeats(before, after), unit: '‰' },
    { name: `${name} packets not read`, ...ofSent(report.dropped), budget: 0.1 },
    { name: `${name} packets lost before the phones`, ...ofSent(report.lost), budget: 0.1 },
    { name: `${name} recordings not whole`, value: calls - kept, unit: '', budget: 0 },
    { name: `${name} memory before`, value: before.residentKb / 1024, unit: 'MB' },
    { name: `${name} memory at most`, value: highestKb / 1024, unit: 'MB' },
    { name: `${name} memory 10 s after`, value: rested / 1024, unit: 'MB' },
    { name: `${name} back to normal after`, value: back, unit: 's', budget: 5 },
    { name: `${name} INVITE to 200 then`, value: answerMs[0] ?? Number.NaN, unit: 'ms' },
  ] satisfies Row[];
}

/** Samples a value. @returns a function that stops and returns the highest sample */
function highest(value: () => number): () => Promise<number> {
  let most = value();
  const end = new AbortController();
  const watching = (async () => {
    while (!end.signal.aborted) {
      most = Math.max(most, value());
      await sleep(systemClock, 250);
    }
  })();
  return async () => {
    end.abort();
    await watching;
    return most;
  };
}

/** Calls until a call is answered within 50 ms. */
async function normal(load: Omit<Load, 'rate' | 'calls'>) {
  for (;;) {
    const called = await callWithSipp({ ...load, rate: 1, calls: 1, refusable: true });
    if (called.answerMs[0] !== undefined && called.answerMs[0] < 50) return called;
  }
}

/** Recordings that are complete and without a gap. */
async function recordings(server: Server, key: string): Promise<number> {
  const { data } = await server.request<{ data: { status: string; gaps: object[] }[] }>(
    'GET',
    '/v1/recordings?limit=200',
    key,
  );
  return data.filter(({ status, gaps }) => status === 'completed' && gaps.length === 0).length;
}
