/**
 * Measures the CPU cost of a recorded call in the complete server. N calls talk, are played a tone, and are recorded in
 * stereo; phones and application run in other processes. Alone: `node bench/calls.ts --calls 300 --seconds 10`.
 */
import { parseArgs } from 'node:util';
import { launchAsIs, Server } from '../e2e/support/server.ts';
import { sleep, systemClock } from '../src/core/index.ts';
import type { Row } from './row.ts';
import { ApplicationProcess } from './support/application-process.ts';
import { type Packets, PhonesProcess } from './support/phones-process.ts';
import { snapshot } from './support/process.ts';

interface Options {
  calls: number;
  seconds: number;
  /** Where the server leaves a profile of its CPU. */
  profile?: string | undefined;
}

const NUMBER = '+15550107779';
const PLAY = { play: { url: 'HERE/tone.wav', loop: 10 } };
const DOCUMENT = { actions: [{ start_recording: {} }, PLAY, PLAY] };
const FIRST_PORT = 30_000;

export async function run(options: Options = { calls: 300, seconds: 10 }): Promise<Row[]> {
  const application = await ApplicationProcess.start(DOCUMENT);
  const profile = options.profile && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${options.profile}` };
  const server = await Server.start({
    launch: launchAsIs,
    env: { ...profile, MINIVOICE_LOG_LEVEL: 'debug' },
  });
  const phones = await PhonesProcess.start(FIRST_PORT);
  try {
    await server.application(application.urls, NUMBER);
    return await measure(server, application, phones, options);
  } finally {
    phones.close();
    await server.stop();
    application.close();
  }
}

async function measure(
  server: Server,
  application: ApplicationProcess,
  phones: PhonesProcess,
  { calls, seconds }: Options,
): Promise<Row[]> {
  await phones.call({ server: server.sip, to: NUMBER, calls, rate: 60 });
  await sleep(systemClock, 2000);
  const before = await snapshot(server);
  await sleep(systemClock, seconds * 1000);
  const after = await snapshot(server);
  const packets = await phones.hangUpAll();
  await sleep(systemClock, 500);
  const { failures } = await application.counts();
  const name = `${calls} recorded calls in the program:`;
  const wallMs = after.at - before.at;
  const perCall = (cpuMs: number) => (100 * cpuMs) / wallMs / calls;
  const media = (after.threads.get('media') ?? 0) - (before.threads.get('media') ?? 0);
  const beats = after.beats - before.beats;
  return [
    { name: `${name} failures reported`, value: failures, unit: '', budget: 0 },
    {
      name: `${name} CPU of a call, all threads`,
      value: perCall(after.cpuMs - before.cpuMs),
      unit: '% of a core',
      budget: 0.2,
    },
    { name: `${name} CPU of a call, media thread`, value: perCall(media), unit: '% of a core' },
    { name: `${name} packets lost`, value: lost(server, packets), unit: '%', budget: 0.1 },
    { name: `${name} late beats`, value: (1000 * (after.late - before.late)) / beats, unit: '‰', budget: 1 },
  ];
}

/** In percent: what the phones sent and the server did not get, and vice versa. */
function lost(server: Server, phones: Packets): number {
  const closed = server.log.filter((line) => line.includes('"audio closed"')).map((line) => JSON.parse(line));
  const sum = (name: string) => closed.reduce((total, report) => total + report[name], 0);
  const missing =
    Math.abs(phones.sent - sum('packetsReceived')) + Math.abs(sum('packetsSent') - phones.received);
  return (100 * missing) / (phones.sent + phones.received);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      calls: { type: 'string', default: '300' },
      seconds: { type: 'string', default: '10' },
      profile: { type: 'string' },
    },
  });
  const { calls, seconds, profile } = values;
  const rows = await run({ calls: Number(calls), seconds: Number(seconds), profile });
  for (const row of rows) console.log(`${row.name}: ${row.value.toFixed(4)} ${row.unit}`);
}
