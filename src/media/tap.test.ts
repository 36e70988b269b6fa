import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toneLevel } from '../audio/goertzel.ts';
import { readWav } from '../audio/wav-reader.ts';
import { WAV_HEADER } from '../audio/wav-writer.ts';
import type { Sound, TapOptions } from './sound.ts';
import { agreement, clips, type MediaHarness, startHarness, tone } from './testing/harness.ts';
import type { Phone } from './testing/phone.ts';

let harness: MediaHarness;
let sound: Sound;
let phone: Phone;

const LOUD = 8_000;
const FRAME = 160;
const path = () => join(harness.folder, 'a.wav');
const options = (changes: Partial<TapOptions> = {}): TapOptions => ({
  path: path(),
  channels: 2,
  maxSeconds: 3600,
  ...changes,
});

/** The far end sends 500 Hz, the sound plays 1,000 Hz, and both have started. */
beforeEach(async () => {
  harness = await startHarness();
  sound = await harness.engine.open();
  phone = await harness.phone();
  sound.connect(agreement(phone));
  phone.talk(sound.local, 500);
  void sound.play(clips(tone(1000, 60_000)));
  await harness.beats(10);
});
afterEach(() => harness.end());

/** Opens a tap, and records one beat. */
async function tap(changes: Partial<TapOptions> = {}) {
  const opening = sound.tap(options(changes));
  await harness.beats(1);
  return opening;
}

async function recorded() {
  const bytes = await readFile(path());
  const { channels } = readWav(bytes);
  return { bytes, left: channels[0]!, right: channels[1]! };
}

describe('a tap', () => {
  it('writes the far end to the left channel and what is sent to the right, from the first frame to the last', async () => {
    const running = await tap();
    await harness.beats(99);
    const end = await running.stop();
    await harness.beats(5);
    expect(end).toEqual({ cause: 'stopped', samples: 100 * FRAME, gaps: [] });
    const { left, right } = await recorded();
    expect(left).toHaveLength(100 * FRAME);
    for (let frame = 0; frame < 100; frame++) {
      const [from, to] = [frame * FRAME, (frame + 1) * FRAME];
      expect(toneLevel(left.subarray(from, to), 500)).toBeGreaterThan(LOUD);
      expect(toneLevel(left.subarray(from, to), 1000)).toBeLessThan(100);
      expect(toneLevel(right.subarray(from, to), 1000)).toBeGreaterThan(LOUD);
    }
  });

  it('starts with the next beat, and ends with the last beat before the stop', async () => {
    const before = phone.heard.length;
    const running = await tap();
    expect(running.startedAt).toBe(harness.clock.now() - 10);
    await harness.beats(2);
    const stopping = running.stop();
    await harness.beats(3);
    expect((await stopping).samples).toBe(3 * FRAME);
    const { right } = await recorded();
    const sent = phone.sound(before, before + 3);
    // What was sent went through µ-law, which keeps a sample to about 3 %.
    for (let i = 0; i < sent.length; i++) expect(Math.abs(sent[i]! - right[i]!)).toBeLessThan(400);
  });

  it('writes a file that is playable while it grows, with its exact size when closed', async () => {
    const running = await tap();
    await harness.beats(99);
    const open = await readFile(path());
    expect(open.readUInt32LE(40)).toBe(0xffffffff);
    // At most half a second is still in memory.
    expect(open.length).toBeGreaterThanOrEqual(WAV_HEADER + 75 * FRAME * 4);
    await running.stop();
    const closed = await readFile(path());
    expect(closed.length).toBe(WAV_HEADER + 100 * FRAME * 4);
    expect(closed.readUInt32LE(40)).toBe(100 * FRAME * 4);
    expect(closed.readUInt32LE(4)).toBe(closed.length - 8);
  });

  it('mixes both directions into one channel', async () => {
    const running = await tap({ channels: 1 });
    await harness.beats(49);
    expect((await running.stop()).samples).toBe(50 * FRAME);
    const { left: only } = await recorded();
    expect(only).toHaveLength(50 * FRAME);
    expect(toneLevel(only, 500)).toBeGreaterThan(LOUD);
    expect(toneLevel(only, 1000)).toBeGreaterThan(LOUD);
  });

  it('has silence on the right while nothing may be sent', async () => {
    const running = await tap();
    sound.connect(agreement(phone, { direction: 'recvonly' }));
    await harness.beats(9);
    await running.stop();
    const { left, right } = await recorded();
    expect(right.subarray(FRAME).every((sample) => sample === 0)).toBe(true);
    expect(toneLevel(left, 500)).toBeGreaterThan(LOUD);
  });

  it('ends at its maximum length, to the sample', async () => {
    const running = await tap({ maxSeconds: 1 });
    await harness.beats(100);
    expect(await running.ended).toEqual({ cause: 'max_reached', samples: 8000, gaps: [] });
    expect((await recorded()).left).toHaveLength(8000);
  });

  it('closes with the sound', async () => {
    const running = await tap();
    await harness.beats(9);
    const report = await sound.close();
    expect(await running.ended).toMatchObject({ cause: 'closed', samples: 10 * FRAME });
    expect(report.packetsSent).toBe(20);
    expect((await recorded()).left).toHaveLength(10 * FRAME);
  });

  it('gives the same result however often it is stopped', async () => {
    const running = await tap();
    const [one, two] = await Promise.all([running.stop(), running.stop()]);
    expect(one).toEqual(two);
    expect(await running.stop()).toEqual(one);
    await running.pause('silence');
    await running.resume();
  });

  it('writes an empty file when it is stopped before its first frame', async () => {
    const opening = sound.tap(options());
    await Promise.resolve();
    const closing = sound.close();
    const running = await opening;
    expect(await running.ended).toEqual({ cause: 'closed', samples: 0, gaps: [] });
    await closing;
    expect((await readFile(path())).length).toBe(WAV_HEADER);
  });

  it('is rejected where no file can be created, and when the sound is closed', async () => {
    const opening = sound.tap(options({ path: join(harness.folder, 'none', 'a.wav') }));
    const refused = expect(opening).rejects.toMatchObject({
      code: 'tap_failed',
      message: expect.stringContaining('ENOENT'),
    });
    await harness.beats(2);
    await refused;
    await sound.close();
    await expect(sound.tap(options())).rejects.toMatchObject({ code: 'audio_closed' });
  });

  it('runs together with other taps of the same sound', async () => {
    const first = await tap();
    const second = await tap({ path: join(harness.folder, 'b.wav') });
    await harness.beats(8);
    expect((await first.stop()).samples).toBe(10 * FRAME);
    expect((await second.stop()).samples).toBe(9 * FRAME);
  });
});

describe('a gap in a tap', () => {
  const frames = (samples: Int16Array, from: number, to: number) =>
    samples.subarray(from * FRAME, to * FRAME);
  const silent = (samples: Int16Array) => samples.every((sample) => sample === 0);

  it('is silence while it is paused, with exact times', async () => {
    const running = await tap();
    await harness.beats(9);
    await running.pause('silence');
    await harness.beats(10);
    await running.resume();
    await harness.beats(10);
    const end = await running.stop();
    expect(end.gaps).toEqual([{ startMs: 200, endMs: 400, cause: 'pause' }]);
    expect(end.samples).toBe(30 * FRAME);
    const { left, right } = await recorded();
    expect(silent(frames(left, 10, 20)) && silent(frames(right, 10, 20))).toBe(true);
    for (const [from, to] of [
      [0, 10],
      [20, 30],
    ] as const) {
      expect(toneLevel(frames(left, from, to), 500)).toBeGreaterThan(LOUD);
      expect(toneLevel(frames(right, from, to), 1000)).toBeGreaterThan(LOUD);
    }
  });

  it('is not in the file when it is skipped', async () => {
    const running = await tap();
    await harness.beats(9);
    await running.pause('skip');
    await harness.beats(10);
    const end = await running.stop();
    expect(end).toEqual({
      cause: 'stopped',
      samples: 10 * FRAME,
      gaps: [{ startMs: 200, endMs: 400, cause: 'skip' }],
    });
    expect((await recorded()).left).toHaveLength(10 * FRAME);
  });

  it('has the redacted audio of the far end', async () => {
    const running = await tap();
    await harness.beats(9);
    sound.redact(true);
    await harness.beats(10);
    sound.redact(false);
    await harness.beats(10);
    const end = await running.stop();
    expect(end.gaps).toEqual([{ startMs: 200, endMs: 400, cause: 'sensitive' }]);
    const { left, right } = await recorded();
    expect(silent(frames(left, 10, 20))).toBe(true);
    expect(toneLevel(frames(right, 10, 20), 1000)).toBeGreaterThan(LOUD);
    expect(toneLevel(frames(left, 20, 30), 500)).toBeGreaterThan(LOUD);
  });

  it('is also in a tap that starts later, and in the mix', async () => {
    sound.redact(true);
    const running = await tap({ channels: 1 });
    await harness.beats(9);
    const end = await running.stop();
    expect(end.gaps).toEqual([{ startMs: 0, endMs: 200, cause: 'sensitive' }]);
    const { left: only } = await recorded();
    expect(toneLevel(only, 500)).toBeLessThan(100);
    expect(toneLevel(only, 1000)).toBeGreaterThan(LOUD);
  });

  it('is reported while it goes on, before the file is closed', async () => {
    const running = await tap();
    const reported: unknown[] = [];
    running.gapped.on((gaps) => reported.push(gaps));
    await harness.beats(9);
    await running.pause('skip');
    // Earlier audio is on disk, however long nothing follows.
    await harness.beats(1);
    expect((await recorded()).left).toHaveLength(10 * FRAME);
    await harness.beats(9);
    await running.resume();
    const gap = { startMs: 200, cause: 'skip' };
    expect(reported).toEqual([[{ ...gap, endMs: 200 }], [{ ...gap, endMs: 400 }]]);
    expect(running.gaps).toEqual(reported.at(-1));
    await running.stop();
  });

  it('is left out when the pause ends before a beat has passed', async () => {
    const running = await tap();
    await running.pause('silence');
    await running.resume();
    await harness.beats(1);
    expect((await running.stop()).gaps).toEqual([]);
  });
});

it('keeps both channels aligned when packets are lost, late and out of order', async () => {
  harness.network.conditions = { delayMs: 5, jitterMs: 60, loss: 0.05, duplication: 0.05 };
  const running = await tap();
  await harness.beats(199);
  expect((await running.stop()).samples).toBe(200 * FRAME);
  const { left, right } = await recorded();
  expect(left).toHaveLength(right.length);
  expect(toneLevel(right, 1000)).toBeGreaterThan(LOUD);
  const loud = Array.from({ length: 200 }, (_, i) =>
    toneLevel(left.subarray(i * FRAME, (i + 1) * FRAME), 500),
  );
  expect(loud.filter((level) => level > LOUD / 2).length).toBeGreaterThan(160);
});
