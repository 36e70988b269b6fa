import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toneLevel } from '../audio/goertzel.ts';
import { defects, seededRandom } from '../core/index.ts';
import type { LinkEvents, StartThread } from './link.ts';
import type { Sound } from './sound.ts';
import { agreement, clips, type MediaHarness, startHarness, tone } from './testing/harness.ts';
import { ENDED, manyOutcomes } from './testing/outcomes.ts';
import type { Phone } from './testing/phone.ts';

let harness: MediaHarness;
let sound: Sound;
let phone: Phone;

async function set(options?: Parameters<typeof startHarness>[0]): Promise<void> {
  harness = await startHarness(options);
  sound = await harness.engine.open();
  phone = await harness.phone();
}

beforeEach(() => set());
afterEach(() => harness.end());

/** A tone of `tone()` is at about 10,000. */
const LOUD = 8_000;
const QUIET = 200;

describe('the output', () => {
  it('sends 50 packets a second, of silence while nothing plays', async () => {
    sound.connect(agreement(phone));
    await harness.beats(50);
    expect(phone.heard).toHaveLength(50);
    expect(phone.sound().every((sample) => sample === 0)).toBe(true);
    for (const [i, { header }] of phone.heard.entries()) {
      const first = phone.heard[0]!.header;
      expect(header.sequence).toBe((first.sequence + i) & 0xffff);
      expect(header.timestamp).toBe((first.timestamp + i * 160) >>> 0);
      expect(header.ssrc).toBe(first.ssrc);
      expect(header.marker).toBe(i === 0);
    }
  });

  it('continues when sequence numbers and timestamps wrap to zero', async () => {
    await harness.end();
    await set({ random: { ...seededRandom(1), bytes: (count) => Buffer.alloc(count, 0xff) } });
    sound.connect(agreement(phone));
    await harness.beats(3);
    expect(phone.heard.map(({ header }) => header.sequence)).toEqual([65535, 0, 1]);
    const [first, second] = phone.heard.map(({ header }) => header.timestamp);
    expect(second).toBe((first! + 160) % 2 ** 32);
  });

  it('obeys the direction, and resumes with the timestamp of the beat', async () => {
    sound.connect(agreement(phone));
    await harness.beats(10);
    for (const direction of ['recvonly', 'inactive'] as const) {
      sound.connect(agreement(phone, { direction }));
      await harness.beats(10);
      expect(phone.heard).toHaveLength(10);
    }
    sound.connect(agreement(phone, { direction: 'sendonly' }));
    await harness.beats(10);
    const { header: before } = phone.heard[9]!;
    const { header: after } = phone.heard[10]!;
    expect(phone.heard).toHaveLength(20);
    expect(after.sequence).toBe((before.sequence + 1) & 0xffff);
    expect(after.timestamp).toBe((before.timestamp + 21 * 160) >>> 0);
    expect(after.marker).toBe(true);
  });

  it('sends nothing to port 0', async () => {
    sound.connect(agreement(phone, { remote: { address: phone.local.address, port: 0 } }));
    await harness.beats(10);
    expect(phone.heard).toEqual([]);
  });

  it('sends A-law when that was agreed on', async () => {
    sound.connect(agreement(phone, { codec: { name: 'PCMA', payloadType: 8 } }));
    await harness.beats(1);
    expect(phone.heard[0]!.header.payloadType).toBe(8);
    expect(phone.heard[0]!.octets.every((octet) => octet === 0xd5)).toBe(true);
  });
});

describe('play', () => {
  beforeEach(async () => {
    sound.connect(agreement(phone));
    await harness.beats(1);
  });

  it('starts with the next beat, and finishes when the last sample is on the wire', async () => {
    let at = 0;
    const playing = sound.play(clips(tone(440, 1000))).finally(() => {
      at = harness.clock.monotonic();
    });
    await harness.beats(60);
    await expect(playing).resolves.toBe('finished');
    expect(at).toBe(51 * 20);
    expect(toneLevel(phone.sound(1, 51), 440)).toBeGreaterThan(LOUD);
    expect(toneLevel(phone.sound(51), 440)).toBeLessThan(QUIET);
  });

  it('joins clips without a gap, even in the middle of a frame', async () => {
    const whole = tone(440, 500).samples;
    const cut = (from: number, to: number) => ({ samples: whole.subarray(from, to) });
    const parts = [cut(0, 1001), cut(1001, 1002), cut(1002, 1002), cut(1002, 1700), cut(1700, 4000)];
    const playing = sound.play(clips(...parts));
    await harness.beats(30);
    await expect(playing).resolves.toBe('finished');
    const heard = phone.sound(1, 26);
    // µ-law keeps a sample to about 3 %.
    for (let i = 0; i < 4000; i++) expect(Math.abs(heard[i]! - whole[i]!)).toBeLessThan(600);
  });

  it('asks for the next clips while one plays, but not for all at once', async () => {
    let made = 0;
    const many = async function* () {
      for (; made < 100; ) {
        made++;
        yield tone(440, 200);
      }
    };
    const playing = sound.play(many());
    await harness.beats(1);
    expect(made).toBeLessThanOrEqual(3);
    await harness.beats(50);
    expect(made).toBeGreaterThanOrEqual(7);
    expect(made).toBeLessThanOrEqual(9);
    expect(toneLevel(phone.sound(1), 440)).toBeGreaterThan(LOUD);
    await sound.close();
    await expect(playing).resolves.toBe('stopped');
  });

  it('sends silence while the next clip is late', async () => {
    const late = async function* () {
      yield tone(440, 100);
      await new Promise<void>((resolve) => harness.clock.after(500, resolve));
      yield tone(440, 100);
    };
    const playing = sound.play(late());
    await harness.beats(50);
    await expect(playing).resolves.toBe('finished');
    expect(toneLevel(phone.sound(1, 6), 440)).toBeGreaterThan(LOUD);
    expect(toneLevel(phone.sound(7, 25), 440)).toBeLessThan(QUIET);
    expect(toneLevel(phone.sound(27, 30), 440)).toBeGreaterThan(LOUD);
  });

  it('stops within a beat when its signal is aborted', async () => {
    const abort = new AbortController();
    const playing = sound.play(clips(tone(440, 5000)), abort.signal);
    await harness.beats(10);
    abort.abort();
    await expect(playing).resolves.toBe('stopped');
    await harness.beats(10);
    expect(toneLevel(phone.sound(1, 11), 440)).toBeGreaterThan(LOUD);
    expect(phone.sound(12).every((sample) => sample === 0)).toBe(true);
    await expect(sound.play(clips(tone(440, 20)), abort.signal)).resolves.toBe('stopped');
  });

  it('stops when a new play starts', async () => {
    const first = sound.play(clips(tone(440, 5000)));
    await harness.beats(10);
    const second = sound.play(clips(tone(1000, 100)));
    await expect(first).resolves.toBe('stopped');
    await harness.beats(10);
    await expect(second).resolves.toBe('finished');
    expect(toneLevel(phone.sound(12, 16), 1000)).toBeGreaterThan(LOUD);
    expect(toneLevel(phone.sound(12), 440)).toBeLessThan(QUIET);
  });

  it('waits for a far end', async () => {
    const other = await harness.engine.open();
    const playing = other.play(clips(tone(440, 100)));
    await harness.beats(20);
    const far = await harness.phone({ port: 4002 });
    other.connect(agreement(far));
    await harness.beats(6);
    await expect(playing).resolves.toBe('finished');
    expect(toneLevel(far.sound(0, 5), 440)).toBeGreaterThan(LOUD);
  });

  it('rejects with the error of the iterable', async () => {
    const failing = async function* () {
      yield tone(440, 100);
      throw new Error('the voice is lost');
    };
    await expect(sound.play(failing())).rejects.toThrow('the voice is lost');
    await harness.beats(5);
    expect(toneLevel(phone.sound(2), 440)).toBeLessThan(QUIET);
  });
});

describe('RTP ports', () => {
  it('are reused a while after a sound is closed', async () => {
    await harness.end();
    await set({ ports: { from: 20_000, to: 20_003 } });
    const other = await harness.engine.open();
    expect([sound.local.port, other.local.port].sort()).toEqual([20_000, 20_002]);
    await expect(harness.engine.open()).rejects.toMatchObject({ code: 'no_media_port' });
    const closing = other.close();
    await harness.beats(1);
    await closing;
    await expect(harness.engine.open()).rejects.toMatchObject({ code: 'no_media_port' });
    await harness.clock.advance(5_000);
    expect((await harness.engine.open()).local.port).toBe(other.local.port);
  });

  it('are skipped when another program uses them', async () => {
    await harness.end();
    harness = await startHarness({ ports: { from: 20_000, to: 20_003 } });
    phone = await harness.phone({ address: '10.0.0.1', port: 20_001 });
    sound = await harness.engine.open();
    expect(sound.local.port).toBe(20_002);
    expect(harness.engine.load.sessions).toBe(1);
  });
});

it('reports packet counts when it closes', async () => {
  sound.connect(agreement(phone));
  phone.talk(sound.local, 500);
  let count = 0;
  harness.network.filter = ({ from }) => from.port !== 4000 || count++ % 10 !== 5;
  await harness.beats(100);
  const report = await sound.close();
  expect(report.packetsSent).toBe(100);
  expect(report.packetsReceived).toBeLessThan(100);
  expect(report.packetsLost).toBeGreaterThan(5);
  expect(await sound.close()).toEqual(report);
});

it('ends one sound by a defect, and none of the others', async () => {
  const other = await harness.engine.open();
  other.connect(agreement(phone));
  const lost: string[] = [];
  sound.lost.on((cause) => lost.push(cause));
  const playing = sound.play(clips(tone(440, 100)));
  const caught: string[] = [];
  const quiet = defects.on(({ origin }) => caught.push(origin));
  // TypeScript would not allow this.
  sound.connect({ remote: null } as never);
  await harness.beats(10);
  quiet();
  expect(caught).toEqual(['media.session']);
  expect(lost).toHaveLength(1);
  await expect(playing).resolves.toBe('stopped');
  await expect(sound.close()).resolves.toMatchObject({ packetsSent: 0 });
  expect(phone.heard).toHaveLength(10);
  expect(harness.engine.load.sessions).toBe(1);
});

it('settles all calls of a session that is lost before it gets them', async () => {
  const quiet = defects.on(() => {});
  sound.connect({ remote: null } as never);
  const stream = sound.stream();
  const pending = {
    tap: sound.tap({ path: join(harness.folder, 'a.wav'), channels: 2, maxSeconds: 60 }),
    play: sound.play(clips(tone(440, 1000))),
    digits: sound.sendDigits('123'),
    drained: stream.drained(),
  };
  sound.join('mixer');
  sound.hold(tone(440, 100));
  const settled = Promise.allSettled(Object.values(pending));
  await harness.beats(10);
  quiet();
  expect(await settled).toMatchObject([
    { status: 'rejected', reason: { code: 'tap_failed' } },
    { value: 'stopped' },
    { status: 'rejected', reason: { code: 'audio_closed' } },
    { value: 'dropped' },
  ]);
  await expect(sound.tap({ path: 'b.wav', channels: 2, maxSeconds: 1 })).rejects.toMatchObject({
    code: 'audio_closed',
  });
  await sound.close();
  expect(harness.engine.load.sessions).toBe(0);
});

it.each([
  ['is closed', () => sound.close()],
  ['is lost by a defect', () => sound.connect({ remote: null } as never)],
  ['is on a thread that dies', (died: () => void) => died()],
])('settles all pending calls once when the sound %s', async (_, end) => {
  const quiet = defects.on(() => {});
  await harness.end();
  let events: LinkEvents | undefined;
  await set({
    start: (real) => (given, host) => {
      events ??= given;
      return real(given, host);
    },
  });
  const outcomes = await manyOutcomes(sound, () => end(() => events!.died('it was killed')));
  expect(outcomes).toEqual(ENDED);
  await expect(sound.sendDigits('1')).rejects.toMatchObject({ code: 'audio_closed' });
  expect(harness.engine.load.sessions).toBe(0);
  quiet();
});

it('rejects the opening of a sound while its thread is dead, and after it was closed', async () => {
  await harness.end();
  let events: LinkEvents | undefined;
  const starts: number[] = [];
  const silent: StartThread = (given) => {
    starts.push(harness.clock.monotonic());
    events = given;
    if (starts.length === 1) queueMicrotask(() => given.report({ type: 'ready', sockets: 'network' }));
    return { post: () => {}, counters: new Float64Array(2), end: async () => {} };
  };
  harness = await startHarness({ start: () => silent });
  const opening = harness.engine.open();
  events!.died('it was killed');
  await expect(opening).rejects.toMatchObject({ code: 'no_media_port' });
  events!.died('it was killed before it was up');
  await expect(harness.engine.open()).rejects.toMatchObject({ code: 'no_media_port' });
  expect(starts).toHaveLength(2);
  await harness.clock.advance(1_000);
  expect(starts).toHaveLength(3);
  const late = harness.engine.open();
  await harness.engine.close();
  await expect(late).rejects.toMatchObject({ code: 'no_media_port' });
});

it('spreads sounds that are opened at the same time over the threads', async () => {
  await harness.end();
  const opened: number[] = [];
  const count: (real: StartThread) => StartThread = (real) => (events, host) => {
    const link = real(events, host);
    const thread = opened.push(0) - 1;
    return {
      ...link,
      post(message, mayWait) {
        if (message.type === 'call' && message.name === 'open') opened[thread]!++;
        link.post(message, mayWait);
      },
    };
  };
  harness = await startHarness({ workers: 2, start: count });
  await Promise.all(Array.from({ length: 4 }, () => harness.engine.open()));
  expect(opened).toEqual([2, 2]);
  expect(harness.engine.load.sessions).toBe(4);
});
