/**
 * What a call costs: N calls with sound both ways, each recorded in stereo, against phones in another process.
 * Alone: `node bench/media.ts --calls 400 --seconds 10 --sockets cheapest`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { silentLog, sleep, systemClock, systemRandom } from '../src/kit/index.ts';
import {
  type Audio,
  createMediaEngine,
  type MediaEngine,
  type Sound,
  workerThread,
} from '../src/media/index.ts';
import type { FromPeer, ToPeer } from './media-peer.ts';

export interface Row {
  name: string;
  value: number;
  unit: string;
  /** The most that it may be. */
  budget?: number;
}

interface Options {
  calls: number;
  seconds: number;
  sockets: 'cheapest' | 'dgram';
}

const HOST = '127.0.0.1';
const ENGINE_PORTS = { from: 40_000, to: 43_999 };
const PEER_PORTS = 44_000;

export async function run(
  options: Options = { calls: 400, seconds: 10, sockets: 'cheapest' },
): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'media-bench-'));
  const start = workerThread(silentLog, options.sockets);
  const ground = { clock: systemClock, random: systemRandom, log: silentLog };
  const engine = await createMediaEngine({ ...ground, workers: 1, host: HOST, ports: ENGINE_PORTS, start });
  const peer = fork(new URL('./media-peer.ts', import.meta.url), { serialization: 'advanced' });
  try {
    return await measure(engine, peer, folder, options);
  } finally {
    peer.disconnect();
    await engine.close();
    await rm(folder, { recursive: true });
  }
}

async function measure(
  engine: MediaEngine,
  peer: ChildProcess,
  folder: string,
  options: Options,
): Promise<Row[]> {
  const { calls, seconds } = options;
  const audios = await Promise.all(Array.from({ length: calls }, () => engine.open()));
  const ports = audios.map((audio) => audio.local.port);
  await ask(peer, { do: 'call', host: HOST, from: PEER_PORTS, ports });
  for (const [i, audio] of audios.entries()) connect(audio, PEER_PORTS + 2 * i);
  const taps = await Promise.all(
    audios.map((audio, i) => audio.tap({ path: join(folder, `${i}.wav`), channels: 2, maxSeconds: 3600 })),
  );
  for (const audio of audios) void audio.play(tone());
  peer.send({ do: 'talk' } satisfies ToPeer);
  await sleep(systemClock, 2000);
  const before = await snapshot(engine);
  await sleep(systemClock, seconds * 1000);
  const after = await snapshot(engine);
  const stopped = performance.now();
  await Promise.all(taps.map((tap) => tap.stop()));
  const stopMs = performance.now() - stopped;
  peer.send({ do: 'hush' } satisfies ToPeer);
  await sleep(systemClock, 200);
  const reports = await Promise.all(audios.map((audio) => audio.close()));
  await sleep(systemClock, 100);
  const counts = await ask(peer, { do: 'tell' });
  if (counts.told !== 'counts') throw new Error('the peer did not tell what it counted');
  const sum = (of: (report: (typeof reports)[number]) => number) =>
    reports.reduce((total, r) => total + of(r), 0);
  const missing =
    Math.abs(counts.sent - sum((r) => r.packetsReceived)) +
    Math.abs(sum((r) => r.packetsSent) - counts.received);
  const wallMs = after.at - before.at;
  const beats = after.beats - before.beats;
  const perCall = (cpuMs: number) => (100 * cpuMs) / wallMs / calls;
  const name = `${calls} recorded calls, ${options.sockets} sockets:`;
  return [
    {
      name: `${name} CPU of a call, all threads`,
      value: perCall(after.cpuMs - before.cpuMs),
      unit: '% of a core',
      budget: 0.18,
    },
    {
      name: `${name} CPU of a call, media thread`,
      value: perCall(after.threadMs - before.threadMs),
      unit: '% of a core',
    },
    {
      name: `${name} packets lost`,
      value: (100 * missing) / (counts.sent + counts.received),
      unit: '%',
      budget: 0.1,
    },
    {
      name: `${name} late beats`,
      value: (1000 * (after.lateBeats - before.lateBeats)) / beats,
      unit: '‰',
      budget: 1,
    },
    { name: `${name} all stopped at once`, value: stopMs, unit: 'ms' },
  ];
}

function connect(audio: Audio, port: number): void {
  audio.connect({
    remote: { address: HOST, port },
    codec: { name: 'PCMU', payloadType: 0 },
    telephoneEvent: { payloadType: 101 },
    direction: 'sendrecv',
    rtcpMux: false,
  });
}

const SECOND: Sound = { samples: new Int16Array(new SharedArrayBuffer(16_000)) };
for (let i = 0; i < 8000; i++) SECOND.samples[i] = 10_000 * Math.sin((2 * Math.PI * 440 * i) / 8000);

async function* tone(): AsyncGenerator<Sound> {
  for (;;) yield SECOND;
}

async function ask(peer: ChildProcess, question: ToPeer): Promise<FromPeer> {
  peer.send(question);
  const [answer] = (await once(peer, 'message')) as [FromPeer];
  return answer;
}

async function snapshot(engine: MediaEngine) {
  const { user, system } = process.cpuUsage();
  const at = performance.now();
  return { at, cpuMs: (user + system) / 1000, threadMs: await busiestThreadMs(), ...engine.load };
}

/** CPU time of the thread that has used most, which is the media thread. Zero where there is no /proc. */
async function busiestThreadMs(): Promise<number> {
  const tasks = await readdir('/proc/self/task').catch(() => []);
  const used = await Promise.all(tasks.map((task) => threadMs(task)));
  return Math.max(0, ...used);
}

async function threadMs(task: string): Promise<number> {
  // proc(5): nanoseconds on a CPU.
  const text = await readFile(`/proc/self/task/${task}/schedstat`, 'utf8').catch(() => '0');
  return Number(text.split(' ')[0]) / 1e6;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      calls: { type: 'string', default: '400' },
      seconds: { type: 'string', default: '10' },
      sockets: { type: 'string', default: 'cheapest' },
    },
  });
  const sockets = values.sockets === 'dgram' ? 'dgram' : 'cheapest';
  const rows = await run({ calls: Number(values.calls), seconds: Number(values.seconds), sockets });
  for (const row of rows) console.log(`${row.name}: ${row.value.toFixed(4)} ${row.unit}`);
}
