import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toneLevel } from '../audio/goertzel.ts';
import { ToneDetector } from '../audio/tone-detector.ts';
import { readWav } from '../audio/wav-reader.ts';
import type { Sound } from './sound.ts';
import { agreement, clips, type MediaHarness, startHarness, tone } from './testing/harness.ts';
import type { Phone } from './testing/phone.ts';

const ALL = '0123456789*#ABCD';
let harness: MediaHarness;
let sound: Sound;
let phone: Phone;

beforeEach(async () => {
  harness = await startHarness();
  sound = await harness.engine.open();
  phone = await harness.phone();
});
afterEach(() => harness.end());

/** The digits that a tone detector finds. */
function keysIn(samples: Int16Array): string {
  let keys = '';
  const detector = new ToneDetector(({ digit }) => {
    keys += digit;
  });
  for (let at = 0; at + 160 <= samples.length; at += 160) detector.listen(samples.subarray(at, at + 160));
  return keys;
}

const events = () => phone.heard.filter(({ header }) => header.payloadType === 101);

describe('digits as telephone events', () => {
  beforeEach(async () => {
    sound.connect(agreement(phone));
    await harness.beats(1);
  });

  it('are sent one after the other, 100 ms each, five a second', async () => {
    let at = 0;
    const sending = sound.sendDigits(ALL).then(() => {
      at = harness.clock.monotonic();
    });
    await harness.beats(170);
    await sending;
    expect(at).toBe(161 * 20);
    const starts = events().filter(({ header }) => header.marker);
    expect(starts.map(({ octets }) => octets[0])).toEqual([...ALL].map((_, i) => i));
    for (const [i, { header }] of starts.entries())
      expect(header.timestamp).toBe((starts[0]!.header.timestamp + i * 1600) >>> 0);
    const ends = events().filter(({ octets }) => octets[1]! & 0x80);
    expect(ends).toHaveLength(3 * ALL.length);
    for (const { octets } of ends) expect(octets.readUInt16BE(2)).toBe(800);
  });

  it('replace what plays, in one series of sequence numbers, and are silence in the recording', async () => {
    const path = join(harness.folder, 'a.wav');
    void sound.play(clips(tone(500, 5000)));
    const opening = sound.tap({ path, channels: 2, maxSeconds: 60 });
    const sending = sound.sendDigits('5');
    await harness.beats(12);
    await sending;
    await (await opening).stop();
    const types = phone.heard.slice(1).map(({ header }) => header.payloadType);
    expect(types).toEqual([...new Array(7).fill(101), ...new Array(5).fill(0)]);
    for (const [i, { header }] of phone.heard.entries())
      expect(header.sequence).toBe((phone.heard[0]!.header.sequence + i) & 0xffff);
    const right = readWav(await readFile(path)).channels[1]!;
    expect(right.subarray(0, 7 * 160).every((sample) => sample === 0)).toBe(true);
    expect(toneLevel(right.subarray(7 * 160), 500)).toBeGreaterThan(8000);
  });

  it('are sent after those of earlier calls', async () => {
    const done: string[] = [];
    void sound.sendDigits('12').then(() => done.push('12'));
    void sound.sendDigits('').then(() => done.push('none'));
    void sound.sendDigits('3').then(() => done.push('3'));
    await harness.beats(35);
    expect(done).toEqual(['none', '12', '3']);
    const starts = events().filter(({ header }) => header.marker);
    expect(starts.map(({ octets }) => octets[0])).toEqual([1, 2, 3]);
  });

  it('stop after the current one when aborted', async () => {
    const abort = new AbortController();
    const sending = sound.sendDigits('123', abort.signal);
    await harness.beats(12);
    abort.abort(new Error('hung up'));
    await expect(sending).rejects.toThrow('hung up');
    await harness.beats(30);
    const ends = events().filter(({ octets }) => octets[1]! & 0x80);
    expect(ends.map(({ octets }) => octets[0])).toEqual([1, 1, 1, 2, 2, 2]);
    await expect(sound.sendDigits('4', abort.signal)).rejects.toThrow('hung up');
  });

  it('reject when the sound closes, and when they are not digits', async () => {
    await expect(sound.sendDigits('1w')).rejects.toMatchObject({ code: 'invalid_request' });
    const sending = sound.sendDigits('123');
    const failed = expect(sending).rejects.toMatchObject({ code: 'audio_closed' });
    await harness.beats(5);
    void sound.close();
    await failed;
    await expect(sound.sendDigits('1')).rejects.toMatchObject({ code: 'audio_closed' });
  });
});

describe('digits as tones, where events were not agreed on', () => {
  beforeEach(async () => {
    sound.connect(agreement(phone, { telephoneEvent: null }));
    await harness.beats(1);
  });

  it('are heard by the far end', async () => {
    const sending = sound.sendDigits(ALL);
    await harness.beats(165);
    await sending;
    expect(keysIn(phone.sound(0))).toBe(ALL);
  });

  it.each([false, true])('are in the recording as they are heard, unless redacted: %s', async (redacted) => {
    const path = join(harness.folder, 'a.wav');
    void sound.play(clips(tone(500, 5000)));
    sound.redact(redacted);
    const opening = sound.tap({ path, channels: 2, maxSeconds: 60 });
    const sending = sound.sendDigits('159D');
    await harness.beats(50);
    await sending;
    await (await opening).stop();
    const right = readWav(await readFile(path)).channels[1]!;
    expect(keysIn(phone.sound(1))).toBe('159D');
    expect(keysIn(right)).toBe(redacted ? '' : '159D');
    const keys = right.subarray(0, 40 * 160);
    expect(toneLevel(keys, 500)).toBeLessThan(500);
    if (redacted) expect(keys.every((sample) => sample === 0)).toBe(true);
    expect(toneLevel(right.subarray(40 * 160), 500)).toBeGreaterThan(8000);
  });
});

it('sends digits as soon as there is a far end', async () => {
  const sending = sound.sendDigits('1');
  await harness.beats(20);
  sound.connect(agreement(phone));
  await harness.beats(11);
  await sending;
  expect(events()[0]!.octets[0]).toBe(1);
});
