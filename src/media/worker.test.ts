import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runAsPeer } from '../../e2e/support/priorities.ts';
import { Lateness } from '../../tests/crash/lateness.ts';
import { until } from '../../tests/support/until.ts';
import { decodeG711, PCMU } from '../audio/codec/g711.ts';
import { toneLevel } from '../audio/goertzel.ts';
import { readWav } from '../audio/wav-reader.ts';
import { defects, silentLog, sleep, systemClock, systemRandom } from '../core/index.ts';
import { systemNetwork } from '../net/index.ts';
import { createMediaEngine, type MediaEngine } from './engine.ts';
import { type Link, mediaNice, workerThread } from './link.ts';
import type { Sound } from './sound.ts';
import { agreement, clips, tone } from './testing/harness.ts';
import { ENDED, manyOutcomes } from './testing/outcomes.ts';
import { Phone } from './testing/phone.ts';

const LOUD = 8_000;
/** The level of a tone in the loudest 200 ms. */
const loudest = (samples: Int16Array, hz: number): number =>
  Array.from({ length: Math.max(1, Math.floor(samples.length / 160) - 9) }, (_, at) =>
    toneLevel(samples.subarray(at * 160, at * 160 + 1600), hz),
  ).reduce((most, level) => Math.max(most, level), 0);
const HOST = '127.0.0.1';
let folder: string;
let engine: MediaEngine | undefined;
let phone: Phone | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'media-test-'));
});
afterEach(async () => {
  phone?.close();
  await engine?.close();
  phone = engine = undefined;
  await rm(folder, { recursive: true });
});

/** The link to the thread that was started last. */
let link: Link;

/** Ends that thread as a failure of native code would. */
async function killThread(): Promise<void> {
  const post = vi.spyOn(Worker.prototype, 'postMessage');
  link.post({ type: 'abort', call: 0 });
  await new Promise((done) => setImmediate(done));
  const worker = post.mock.contexts[0] as Worker;
  post.mockRestore();
  await worker.terminate();
}

async function call(sockets: 'cheapest' | 'dgram' = 'cheapest') {
  runAsPeer();
  const start = workerThread({ clock: systemClock, log: silentLog }, sockets);
  const deps = { clock: systemClock, random: systemRandom, log: silentLog };
  const ports = { from: 22_000, to: 22_999 };
  engine = await createMediaEngine({
    ...deps,
    workers: 1,
    ports,
    host: HOST,
    start: (events, host) => (link = start(events, host)),
  });
  phone = await Phone.open(systemClock, systemNetwork, { address: HOST, port: 0 });
  const sound = await engine.open();
  sound.connect(agreement(phone));
  phone.talk(sound.local, 500);
  return { engine, sound, phone };
}

describe.each(['cheapest', 'dgram'] as const)('a worker thread with %s sockets', (sockets) => {
  it('plays to a phone, records both directions, and counts its beats', async () => {
    const { engine, sound, phone } = await call(sockets);
    await until(() => phone.heard.length > 10, 'the phone is heard and hears');
    const path = join(folder, 'a.wav');
    const asked = systemClock.now();
    const tap = await sound.tap({ path, channels: 2, maxSeconds: 60 });
    expect(tap.startedAt).toBeGreaterThanOrEqual(asked - 100);
    expect(tap.startedAt).toBeLessThanOrEqual(systemClock.now() + 100);
    await expect(sound.play(clips(tone(1000, 300)))).resolves.toBe('finished');
    const end = await tap.stop();
    const { channels } = readWav(await readFile(path));
    expect(channels[0]).toHaveLength(end.samples);
    expect(loudest(channels[0]!, 500)).toBeGreaterThan(LOUD);
    expect(loudest(channels[1]!, 1000)).toBeGreaterThan(LOUD / 2);
    expect(loudest(phone.sound(), 1000)).toBeGreaterThan(LOUD / 2);
    expect(engine.load).toMatchObject({ sessions: 1 });
    expect(engine.load.beats).toBeGreaterThan(20);
    const report = await sound.close();
    expect(report.packetsReceived).toBeGreaterThan(15);
    expect(engine.load.sessions).toBe(0);
  });
});

it('mixes parties on different threads, and streams what they hear', async () => {
  const start = workerThread({ clock: systemClock, log: silentLog });
  const deps = { clock: systemClock, random: systemRandom, log: silentLog };
  engine = await createMediaEngine({
    ...deps,
    workers: 2,
    ports: { from: 22_000, to: 22_999 },
    host: HOST,
    start,
  });
  const other = await Phone.open(systemClock, systemNetwork, { address: HOST, port: 0 });
  phone = await Phone.open(systemClock, systemNetwork, { address: HOST, port: 0 });
  const parties = [phone, other].map(async (party, i) => {
    const sound = await engine!.open();
    sound.connect(agreement(party));
    party.talk(sound.local, i ? 1000 : 500);
    sound.join('mixer');
    return sound;
  });
  const [sound] = (await Promise.all(parties)) as [Sound, Sound];
  const payloads: Uint8Array[] = [];
  sound.stream().frames.on(({ track, payload }) => {
    if (track === 'outbound') payloads.push(payload);
  });
  const hears = (party: Phone, hz: number) =>
    toneLevel(party.sound(Math.max(0, party.heard.length - 10)), hz) > LOUD / 2;
  await until(() => hears(phone!, 1000) && hears(other, 500), 'both hear each other');
  const streamed = () => {
    const samples = new Int16Array(10 * 160);
    for (const [i, payload] of payloads.slice(-10).entries())
      decodeG711(PCMU, payload, 0, 160, samples, i * 160);
    return toneLevel(samples, 1000);
  };
  await until(() => streamed() > LOUD / 2, 'what is heard is streamed');
  expect(loudest(other.sound(), 1000)).toBeLessThan(LOUD / 10);
  other.close();
});

it.each([
  [1, 1, -5],
  [1, 2, -15],
  [2, 2, -5],
  [3, 4, -15],
  [8, 4, -5],
])(
  'leaves CPU time to the main thread: %i media threads on %i cores have nice %i',
  (workers, cores, nice) => {
    expect(mediaNice(workers, cores)).toBe(nice);
  },
);

it.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
  'has that priority, and this thread keeps its own',
  async () => {
    const mine = nicesOf();
    await call();
    const media = nicesOf().filter(({ name }) => name === 'media');
    expect(media.map(({ nice }) => nice)).toContain(mediaNice(1));
    expect(nicesOf().find(({ tid }) => tid === process.pid)).toEqual(
      mine.find(({ tid }) => tid === process.pid),
    );
  },
);

it.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
  'gives as many media threads as there are cores the lower priority',
  async () => {
    const deps = { clock: systemClock, random: systemRandom, log: silentLog };
    const workers = availableParallelism();
    engine = await createMediaEngine({ ...deps, workers, ports: { from: 22_000, to: 22_999 }, host: HOST });
    const media = nicesOf().filter(({ name, nice }) => name === 'media' && nice === mediaNice(workers));
    expect(media).toHaveLength(workers);
  },
);

/** The threads of this process with their priorities: proc(5), the 19th field. */
function nicesOf() {
  return readdirSync('/proc/self/task').map((tid) => {
    const [head, rest] = readFileSync(`/proc/self/task/${tid}/stat`, 'utf8').split(') ') as [string, string];
    return { tid: Number(tid), name: head.split('(')[1], nice: Number(rest.split(' ')[16]) };
  });
}

it('reports sounds as lost when their thread dies, and starts another', async () => {
  const { engine, sound } = await call();
  const lost: string[] = [];
  sound.lost.on((cause) => lost.push(cause));
  const tap = await sound.tap({ path: join(folder, 'a.wav'), channels: 2, maxSeconds: 60 });
  const playing = sound.play(clips(tone(1000, 5000)));
  await tap.pause('silence');
  const late = sound.tap({ path: join(folder, 'late.wav'), channels: 2, maxSeconds: 60 });
  await killThread();
  await expect(late).rejects.toMatchObject({ code: 'tap_failed' });
  expect(await tap.ended).toMatchObject({ cause: 'write_failed', gaps: [{ cause: 'pause' }] });
  await expect(playing).resolves.toBe('stopped');
  expect(lost).toHaveLength(1);
  await sound.close();
  await expect(sound.tap({ path: join(folder, 'b.wav'), channels: 2, maxSeconds: 1 })).rejects.toThrow(
    'closed',
  );
  const other = await engine.open();
  await expect(other.close()).resolves.toMatchObject({ packetsSent: 0 });
});

it.each([
  ['is closed', (sound: Sound) => sound.close()],
  ['is lost by a defect', (sound: Sound) => sound.connect({ remote: null } as never)],
  ['is on a thread that dies', () => killThread()],
])('settles all pending calls once when the sound %s', async (_, end) => {
  const quiet = defects.on(() => {});
  const { sound } = await call();
  const outcomes = await manyOutcomes(sound, () => end(sound));
  expect(outcomes).toEqual(ENDED);
  await expect(sound.sendDigits('1')).rejects.toMatchObject({ code: 'audio_closed' });
  await expect(sound.close()).resolves.toMatchObject({ jitterMs: expect.any(Number) });
  quiet();
});

it('has all but the last second of a recording on disk when the process is killed', async () => {
  const path = join(folder, 'a.wav');
  runAsPeer();
  const lateness = new Lateness();
  const child = fork(new URL('./testing/recording-child.ts', import.meta.url), [path], { execArgv: [] });
  const [startedAt] = (await once(child, 'message')) as [number];
  await sleep(systemClock, 1_500);
  child.kill('SIGKILL');
  const lasted = systemClock.now() - startedAt;
  await once(child, 'exit');
  lateness.stop();
  const { channels } = readWav(await readFile(path));
  expect(channels[0]!.length / 8).toBeGreaterThan(lasted - 1_000 - lateness.worst);
  expect(loudest(channels[0]!.subarray(-8000), 500)).toBeGreaterThan(LOUD);
});
