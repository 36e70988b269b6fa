import { describe, expect, it } from 'vitest';
import { seededRandom } from '../core/index.ts';
import { encodeG711, PCMU } from './codec/g711.ts';
import { DIGITS, DigitTone, frequenciesOf } from './dtmf.ts';
import { FRAME_SAMPLES, saturate } from './frame.ts';
import { ToneDetector } from './tone-detector.ts';

const MS = 8;
type AudioClip = number[];
const silence = (ms: number): AudioClip => new Array(ms * MS).fill(0);

/** A key as a telephone sends it: levels in dBm0, frequencies off by a fraction. */
function key(digit: string, ms: number, { row = -10, column = -10, off = 0 } = {}): AudioClip {
  const frequencies = frequenciesOf(digit)!;
  return Array.from({ length: ms * MS }, (_, i) =>
    [row, column].reduce((sum, level, n) => {
      const phase = (2 * Math.PI * frequencies[n]! * (1 + off) * i) / 8000;
      return sum + 22_300 * 10 ** (level / 20) * Math.sin(phase);
    }, 0),
  );
}

function withNoise(sound: AudioClip, decibels: number, seed = 1): AudioClip {
  const random = seededRandom(seed);
  const peak = 22_300 * 10 ** (decibels / 20) * Math.sqrt(1.5);
  return sound.map((sample) => sample + (2 * random.float() - 1) * peak);
}

/** The presses detected after encoding with µ-law and appending a second of silence. */
function presses(...sounds: AudioClip[]) {
  const detected: { digit: string; durationMs: number }[] = [];
  const detector = new ToneDetector((digit) => detected.push(digit));
  const samples = Int16Array.from([...sounds, silence(1000)].flat(), saturate);
  const octets = new Uint8Array(samples.length);
  encodeG711(PCMU, samples, samples.length, octets);
  const decoded = Int16Array.from(octets, (octet) => PCMU.samples[octet]!);
  for (let at = 0; at + FRAME_SAMPLES <= decoded.length; at += FRAME_SAMPLES) {
    detector.listen(decoded.subarray(at, at + FRAME_SAMPLES));
  }
  return detected;
}
const digits = (...sounds: AudioClip[]) =>
  presses(...sounds)
    .map(({ digit }) => digit)
    .join('');

describe('detects', () => {
  it('all sixteen keys, each once', () => {
    expect(digits(...[...DIGITS].flatMap((digit) => [key(digit, 100), silence(100)]))).toBe(DIGITS);
  });

  it('keys of 45 ms with pauses of 45 ms, wherever they start', () => {
    for (let start = 0; start < 20; start++) {
      const sounds = [...DIGITS].flatMap((digit) => [key(digit, 45), silence(45)]);
      expect(digits(silence(start), ...sounds)).toBe(DIGITS);
    }
  });

  it('the same key pressed twice as two presses', () => {
    expect(digits(key('5', 60), silence(45), key('5', 60))).toBe('55');
  });

  it('a held key once, with its duration', () => {
    const [press, ...others] = presses(silence(33), key('#', 2000));
    expect(others).toEqual([]);
    expect(Math.abs(press!.durationMs - 2000)).toBeLessThan(15);
  });

  it('one press through a break of 10 ms', () => {
    expect(digits(key('7', 60), silence(10), key('7', 60))).toBe('7');
  });

  it('two keys without a pause between them', () => {
    expect(digits(key('1', 80), key('9', 80))).toBe('19');
  });

  it.each([0, -5, -25, -30])('keys of %i dBm0 a tone', (level) => {
    const sounds = [...DIGITS].flatMap((digit) => [
      key(digit, 60, { row: level - 3, column: level - 3 }),
      silence(60),
    ]);
    expect(digits(...sounds)).toBe(DIGITS);
  });

  it('keys whose columns are louder by 6 dB, or whose rows are by 3 dB', () => {
    const sounds = (levels: object) => [...DIGITS].flatMap((digit) => [key(digit, 60, levels), silence(60)]);
    expect(digits(...sounds({ row: -14, column: -8 }))).toBe(DIGITS);
    expect(digits(...sounds({ row: -10, column: -13 }))).toBe(DIGITS);
  });

  it.each([0.015, -0.015])('keys whose tones are off by %d', (off) => {
    const sounds = [...DIGITS].flatMap((digit) => [key(digit, 60, { off }), silence(60)]);
    expect(digits(...sounds)).toBe(DIGITS);
  });

  it('keys in noise 15 dB below them', () => {
    const sounds = [...DIGITS].flatMap((digit) => [key(digit, 80), silence(60)]).flat();
    expect(digits(withNoise(sounds, -22))).toBe(DIGITS);
  });

  it('a stuck key once, after half a minute', () => {
    const [press, ...others] = presses(key('0', 40_000), silence(100), key('1', 100));
    expect(press!.durationMs).toBeGreaterThan(29_900);
    expect(others.map(({ digit }) => digit)).toEqual(['1']);
  });

  it('the keys that DigitTone generates', () => {
    const tone = new DigitTone();
    const frame = new Int16Array(FRAME_SAMPLES);
    const sound: AudioClip = [];
    for (const digit of DIGITS) {
      tone.press(digit, 100);
      while (tone.next(frame)) sound.push(...frame);
      sound.push(...silence(100));
    }
    expect(digits(sound)).toBe(DIGITS);
  });
});

describe('does not detect a key in', () => {
  it('a tone of 23 ms', () => {
    for (let start = 0; start < 20; start++) expect(digits(silence(start), key('3', 23))).toBe('');
  });

  it('one tone without the other', () => {
    expect(digits(key('1', 200, { row: -60 }), key('1', 200, { column: -60 }))).toBe('');
  });

  it('tones that differ by more than 10 dB', () => {
    expect(digits(key('4', 200, { row: -20, column: -8 }), key('4', 200, { row: -8, column: -16 }))).toBe('');
  });

  it.each([0.035, -0.035])('tones that are off by %d', (off) => {
    expect(digits(...[...DIGITS].flatMap((digit) => [key(digit, 100, { off }), silence(60)]))).toBe('');
  });

  it('tones softer than any telephone', () => {
    expect(digits(key('6', 200, { row: -45, column: -45 }))).toBe('');
  });

  it('half a minute of noise', () => {
    expect(digits(withNoise(silence(30_000), -15))).toBe('');
  });

  it('dial tone, ringing tone and busy tone', () => {
    const tones = (...frequencies: number[]): AudioClip =>
      Array.from({ length: 8000 }, (_, i) =>
        frequencies.reduce(
          (sum, frequency) => sum + 5000 * Math.sin((2 * Math.PI * frequency * i) / 8000),
          0,
        ),
      );
    expect(digits(tones(350, 440), tones(440, 480), tones(480, 620), tones(425), tones(1400, 2060))).toBe('');
  });

  it('a minute of voices', () => {
    expect(digits(voices(60))).toBe('');
  });
});

/** A sequence of vowels: a gliding pitch with its overtones, shaped by three formants. */
function voices(seconds: number): AudioClip {
  const random = seededRandom(7);
  const between = (low: number, high: number) => low + random.float() * (high - low);
  const sound: AudioClip = [];
  while (sound.length < seconds * 8000) {
    const length = Math.round(between(0.08, 0.4) * 8000);
    const [from, to] = [between(80, 300), between(80, 300)];
    const formants = [between(300, 900), between(900, 2400), between(2400, 3000)];
    const peak = between(1000, 9000);
    let phase = 0;
    for (let i = 0; i < length; i++) {
      const pitch = from + ((to - from) * i) / length;
      phase += (2 * Math.PI * pitch) / 8000;
      let sample = 0;
      for (let n = 1; n * pitch < 3400; n++) {
        const near = formants.reduce((sum, formant) => sum + 1 / (1 + ((n * pitch - formant) / 80) ** 2), 0);
        sample += near * Math.sin(n * phase);
      }
      sound.push(peak * sample * Math.sin((Math.PI * i) / length));
    }
  }
  return sound;
}
