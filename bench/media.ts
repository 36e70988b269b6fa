/**
 * The cost of audio: calls with audio in both directions, against phones in another process. Recorded; bridged in pairs and
 * recorded; in one conference; streamed.
 * Alone: `node bench/media.ts --seconds 10 --sockets cheapest --scenes calls,pairs,conference,streams`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { AudioClip } from '../src/audio/index.ts';
import { silentLog, sleep, systemClock, systemRandom } from '../src/core/index.ts';
import { createMediaEngine, type MediaEngine, type Sound, workerThread } from '../src/media/index.ts';
import type { FromPeer, ToPeer } from './media-peer.ts';
import type { Row } from './row.ts';

interface Options {
  seconds: number;
  sockets: 'cheapest' | 'dgram';
  scenes: readonly (keyof typeof scenes)[];
}

/** Something that many calls do at once. */
interface Scene {
  legs: number;
  /** The unit of the result, and the number of units. */
  unit: string;
  count: number;
  /** The most that one of it may cost, in % of a core; two to three times what was measured. */
  budget: number;
  /** Makes the calls busy. @returns what is to be done at the end. */
  begin(audios: Sound[], folder: string): Promise<() => Promise<unknown>>;
}

const scenes = {
  calls: { legs: 400, unit: 'recorded call', count: 400, budget: 0.18, begin: recordAndPlay },
  pairs: { legs: 200, unit: 'bridged pair, both recorded', count: 100, budget: 0.4, begin: bridge },
  conference: { legs: 100, unit: 'conference of 100', count: 1, budget: 10, begin: confer },
  streams: { legs: 200, unit: 'call streamed in both directions', count: 200, budget: 0.3, begin: stream },
} satisfies Record<string, Scene>;

const HOST = '127.0.0.1';
const ENGINE_PORTS = { from: 40_000, to: 43_999 };
const PEER_PORTS = 44_000;

export async function run(
  options: Options = {
    seconds: 10,
    sockets: 'cheapest',
    scenes: ['calls', 'pairs', 'conference', 'streams'],
  },
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const scene of options.scenes) rows.push(...(await play(scenes[scene], options)));
  return rows;
}

async function play(scene: Scene, options: Options): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'media-bench-'));
  const start = workerThread(silentLog, options.sockets);
  const deps = { clock: systemClock, random: systemRandom, log: silentLog };
  const engine = await createMediaEngine({ ...deps, workers: 1, host: HOST, ports: ENGINE_PORTS, start });
  const peer = fork(new URL('./media-peer.ts', import.meta.url), { serialization: 'advanced' });
  try {
    return await measure(engine, peer, folder, scene, options);
  } finally {
    peer.disconnect();
    await engine.close();
    await rm(folder, { recursive: true });
  }
}

async function recordAndPlay(audios: Sound[], folder: string) {
  const stop = await record(audios, folder);
  for (const audio of audios) void audio.play(tone());
  return stop;
}

async function record(audios: Sound[], folder: string) {
  const taps = await Promise.all(
    audios.map((audio, i) => audio.tap({ path: join(folder, `${i}.wav`), channels: 2, maxSeconds: 3600 })),
  );
  return () => Promise.all(taps.map((tap) => tap.stop()));
}

function bridge(audios: Sound[], folder: string) {
  for (const [i, audio] of audios.entries()) audio.join(`bridge ${i >> 1}`);
  return record(audios, folder);
}

async function confer(audios: Sound[]) {
  for (const audio of audios) audio.join('conference');
  return async () => {};
}

async function stream(audios: Sound[]) {
  const streams = audios.map((audio) => audio.stream());
  let frames = 0;
  for (const each of streams) each.frames.on(() => frames++);
  return async () => {
    for (const each of streams) each.close();
    if (frames === 0) throw new Error('no stream has sent anything');
  };
}

async function measure(
  engine: MediaEngine,
  peer: ChildProcess,
  folder: string,
  scene: Scene,
  { seconds, sockets }: Options,
): Promise<Row[]> {
  const audios = await Promise.all(Array.from({ length: scene.legs }, () => engine.open()));
  const ports = audios.map((audio) => audio.local.port);
  await ask(peer, { do: 'call', host: HOST, from: PEER_PORTS, ports });
  for (const [i, audio] of audios.entries()) connect(audio, PEER_PORTS + 2 * i);
  const end = await scene.begin(audios, folder);
  peer.send({ do: 'talk' } satisfies ToPeer);
  await sleep(systemClock, 2000);
  const before = await snapshot(engine);
  await sleep(systemClock, seconds * 1000);
  const after = await snapshot(engine);
  const stopped = performance.now();
  await end();
  const stopMs = performance.now() - stopped;
  const lost = await closeAndCount(peer, audios);
  const name = `${scene.count} × ${scene.unit}, ${sockets} sockets:`;
  const cost = (cpuMs: number) => (100 * cpuMs) / (after.at - before.at) / scene.count;
  const late = (after.lateBeats - before.lateBeats) / (after.beats - before.beats);
  const cpu = { unit: '% of a core' };
  return [
    { name: `${name} all threads`, value: cost(after.cpuMs - before.cpuMs), ...cpu, budget: scene.budget },
    { name: `${name} media thread`, value: cost(after.threadMs - before.threadMs), ...cpu },
    { name: `${name} packets lost`, value: lost, unit: '%', budget: 0.1 },
    { name: `${name} late beats`, value: 1000 * late, unit: '‰', budget: 1 },
    { name: `${name} all stopped at once`, value: stopMs, unit: 'ms' },
  ];
}

/** @returns the packets that did not arrive, in both directions, in percent. */
async function closeAndCount(peer: ChildProcess, audios: Sound[]): Promise<number> {
  peer.send({ do: 'silence' } satisfies ToPeer);
  await sleep(systemClock, 200);
  const reports = await Promise.all(audios.map((audio) => audio.close()));
  await sleep(systemClock, 100);
  const counts = await ask(peer, { do: 'tell' });
  if (counts.type !== 'counts') throw new Error('the peer did not report its counts');
  let [sent, received] = [0, 0];
  for (const report of reports) {
    sent += report.packetsSent;
    received += report.packetsReceived;
  }
  const missing = Math.abs(counts.sent - received) + Math.abs(sent - counts.received);
  return (100 * missing) / (counts.sent + counts.received);
}

function connect(audio: Sound, port: number): void {
  audio.connect({
    remote: { address: HOST, port },
    codec: { name: 'PCMU', payloadType: 0 },
    telephoneEvent: { payloadType: 101 },
    direction: 'sendrecv',
    rtcpMux: false,
  });
}

const SECOND: AudioClip = { samples: new Int16Array(new SharedArrayBuffer(16_000)) };
for (let i = 0; i < 8000; i++) SECOND.samples[i] = 10_000 * Math.sin((2 * Math.PI * 440 * i) / 8000);

async function* tone(): AsyncGenerator<AudioClip> {
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
      seconds: { type: 'string', default: '10' },
      sockets: { type: 'string', default: 'cheapest' },
      scenes: { type: 'string', default: Object.keys(scenes).join() },
    },
  });
  const rows = await run({
    seconds: Number(values.seconds),
    sockets: values.sockets === 'dgram' ? 'dgram' : 'cheapest',
    scenes: values.scenes.split(',').filter((name) => name in scenes) as Options['scenes'],
  });
  for (const row of rows) console.log(`${row.name}: ${row.value.toFixed(4)} ${row.unit}`);
}
