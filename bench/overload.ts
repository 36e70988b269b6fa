/**
 * Measures running recorded calls while more new calls arrive than one core can take.
 * Alone: `node bench/overload.ts --calls 50 --rate 900 --seconds 20`.
 */
import { parseArgs } from 'node:util';
import { launchAsIs, Server } from '../e2e/support/server.ts';
import { sleep, systemClock } from '../src/core/index.ts';
import type { Row } from './row.ts';
import { ApplicationProcess } from './support/application-process.ts';
import { PhonesProcess } from './support/phones-process.ts';
import { pin, snapshot, usageOf } from './support/process.ts';
import { callWithSipp, type Load } from './support/sipp.ts';

interface Options {
  /** Recorded calls that go on. */
  calls: number;
  /** New calls a second that come meanwhile. */
  rate: number;
  seconds: number;
  /** Where the server leaves a profile of its CPU. */
  profile?: string | undefined;
}

const RECORDED = '+15550107781';
const NEW = '+15550107782';
const PLAY = { play: { url: 'HERE/tone.wav', loop: 10 } };
const SERVER_CORE = 0;
const LOAD_CORE = 1;
const FIRST_PORT = 32_000;

export async function run(options: Options = { calls: 50, rate: 900, seconds: 20 }): Promise<Row[]> {
  pin(process.pid, LOAD_CORE);
  const recorded = await ApplicationProcess.start(
    { actions: [{ start_recording: {} }, PLAY, PLAY] },
    LOAD_CORE,
  );
  const quick = await ApplicationProcess.start({ actions: [{ pause: { seconds: 30 } }] }, LOAD_CORE);
  const profile = options.profile && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${options.profile}` };
  const server = await Server.start({
    launch: launchAsIs,
    env: { ...profile, MINIVOICE_LOG_LEVEL: 'debug' },
  });
  const phones = await PhonesProcess.start(FIRST_PORT);
  try {
    pin(server.pid, SERVER_CORE);
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

async function measure(
  server: Server,
  phones: PhonesProcess,
  key: string,
  { calls, rate, seconds }: Options,
) {
  const load = { server: server.sip, to: NEW, talkMs: 200, processor: LOAD_CORE };
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
  const packets = await phones.hangUpAll();
  await sleep(systemClock, 1000);
  const kept = await recordings(server, key);
  const name = `${rate} calls a second for ${seconds} s beside ${calls} recorded ones:`;
  const took = after.at - before.at;
  const { refusalMs } = came;
  return [
    { name: `${name} taken`, value: came.answerMs.length / (took / 1000), unit: 'a second' },
    { name: `${name} refused`, value: refusalMs.length / (took / 1000), unit: 'a second' },
    { name: `${name} neither`, value: came.failed, unit: 'calls' },
    { name: `${name} INVITE to 200, median`, value: part(came.answerMs, 0.5), unit: 'ms' },
    { name: `${name} INVITE to 200, 99 of 100`, value: part(came.answerMs, 0.99), unit: 'ms' },
    { name: `${name} INVITE to 503, median`, value: part(refusalMs, 0.5), unit: 'ms' },
    { name: `${name} INVITE to 503, 99 of 100`, value: part(refusalMs, 0.99), unit: 'ms' },
    { name: `${name} CPU used`, value: (after.cpuMs - before.cpuMs) / took, unit: 'of a core' },
    {
      name: `${name} late beats`,
      value: (1000 * (after.late - before.late)) / (after.beats - before.beats),
      unit: '‰',
    },
    { name: `${name} packets lost, to us`, value: lost(server, packets).toUs, unit: '%', budget: 0.1 },
    { name: `${name} packets lost, from us`, value: lost(server, packets).fromUs, unit: '%', budget: 0.1 },
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

/** In percent, of the phones that talk. */
function lost({ log }: Server, phones: { sent: number; received: number }) {
  const closed = log
    .filter((line) => line.includes('"audio closed"'))
    .map((line) => JSON.parse(line) as { packetsReceived: number; packetsSent: number })
    .filter(({ packetsReceived }) => packetsReceived > 0);
  const sum = (name: 'packetsReceived' | 'packetsSent') => closed.reduce((sum, each) => sum + each[name], 0);
  return {
    toUs: 100 * (1 - sum('packetsReceived') / phones.sent),
    fromUs: 100 * (1 - phones.received / sum('packetsSent')),
  };
}

const part = (sorted: number[], of: number): number => sorted[Math.floor(sorted.length * of)] ?? Number.NaN;

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      calls: { type: 'string', default: '50' },
      rate: { type: 'string', default: '900' },
      seconds: { type: 'string', default: '20' },
      profile: { type: 'string' },
    },
  });
  const { calls, rate, seconds, profile } = values;
  const rows = await run({ calls: Number(calls), rate: Number(rate), seconds: Number(seconds), profile });
  for (const row of rows) console.log(`${row.name}: ${row.value.toFixed(3)} ${row.unit}`);
}
