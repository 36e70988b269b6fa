import { beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../core/index.ts';
import { toneLevel } from '../goertzel.ts';
import { LONGEST_PAYLOAD } from './codec.ts';
import { openCodec } from './open-codec.ts';
import { loadOpus } from './opus.ts';

beforeAll(loadOpus);

const NAMES = ['PCMU', 'PCMA', 'G722', 'opus'] as const;

const tones = (frequencies: number[], frames: number, amplitude = 5000) =>
  Int16Array.from({ length: frames * 160 }, (_, i) =>
    frequencies.reduce((sum, hz) => sum + amplitude * Math.sin((2 * Math.PI * hz * i) / 8000), 0),
  );

/** Encodes and decodes a sound with one codec. */
function through(name: (typeof NAMES)[number], sound: Int16Array): Int16Array {
  const [encoder, decoder] = [openCodec(name), openCodec(name)];
  const packet = new Uint8Array(12 + LONGEST_PAYLOAD);
  const frame = new Int16Array(160);
  const out = new Int16Array(sound.length);
  for (let at = 0; at < sound.length; at += 160) {
    const length = encoder.encode(sound.subarray(at, at + 160), packet, 12);
    expect(decoder.decode(packet, 12, length, frame)).toBe(160);
    out.set(frame, at);
  }
  return out;
}

describe.each(NAMES)('%s', (name) => {
  it('reproduces tones at their level', () => {
    const output = through(name, tones([400, 1200, 2500], 50)).subarray(1600);
    for (const hz of [400, 1200, 2500]) expect(Math.abs(toneLevel(output, hz) / 5000 - 1)).toBeLessThan(0.1);
    expect(toneLevel(output, 1800)).toBeLessThan(250);
  });

  it('reproduces the loudest possible sound', () => {
    const loud = Int16Array.from({ length: 3200 }, (_, i) => (i % 16 < 8 ? 32_767 : -32_768));
    expect(toneLevel(through(name, loud).subarray(1600), 500)).toBeGreaterThan(25_000);
  });

  it('reproduces silence', () => {
    const output = through(name, new Int16Array(1600));
    expect(output.every((sample) => Math.abs(sample) < 20)).toBe(true);
  });

  it('survives payloads of any length and content', () => {
    const codec = openCodec(name);
    const random = seededRandom(5);
    const samples = new Int16Array(2048);
    for (let i = 0; i < 500; i++) {
      const packet = random.bytes(Math.floor(random.float() * 100));
      expect(codec.decode(packet, 0, packet.length, samples)).toBeLessThanOrEqual(2048);
    }
    expect(codec.decode(new Uint8Array(1200), 0, 0, samples)).toBe(0);
  });
});

/** 60 ms of 440, 1,300 and 3,000 Hz at 4,000, 3,000 and 2,000, encoded by ffmpeg 5.1. */
const FROM_FFMPEG = Buffer.from(
  '+pIjjCOXIKAgqxoqqi/vkRCV0zqaUdnWNev0cbt/7bV23k4Y2Fv2k1XeXirwePObda38eZNQXdd7vs9fvnVp9jX53G21X/6MU99Z' +
    'd5VSefwr7Hx1vnxr/hzTTV6fXnjPHPV1aLNddtsw71dbkFJ52zvdUHiycOm+fbnfbfsTV85cudp5ltbv8yzwXHi/+u7VE9RQe75c' +
    '+9I66/LsuFv2nnS20NLRFnTdPX5W7qxv79oeeF50mk6Ukf/0XXqcfuhtbvbVO/8f+NBO01Yy+hz53XHocG+dFnh+f9pMEtQc8N99' +
    '+H1pqjN2VFy423zSDFZYNfFbePozaPB1vtH8u1zbzFCc3W252rb5a+l5O9YVdV7clIvcvHfxXV/0tuixfr6RvvdXHM5Q+3/y89c1' +
    '9G+r/V1b1Hee1pnNWXb6b59er7etrpnf1Vr11VhUT3a49vHb9vB1Kv8WX9T//dFbkFbw+3D22i30MO7WXNmU+JgRW9D39Pltnztr' +
    'e296036THXpRVtqW7rp0sJzyb3tvlVf+0vze0FuXeu3+cPTdK/k09dBY2pX3kFT/1jBu/m/dNGz8ddzOPNQafM/+m59q9jlu2+30' +
    '/DjSUryS+tjRe5706fp09v8r33z+zBV/1DpQWLee',
  'base64',
);

it('decodes the G.722 of ffmpeg', () => {
  const samples = new Int16Array(480);
  openCodec('G722').decode(FROM_FFMPEG, 0, 480, samples);
  const output = samples.subarray(80);
  expect(toneLevel(output, 440)).toBeCloseTo(4000, -3);
  expect(toneLevel(output, 1300)).toBeCloseTo(3000, -3);
  expect(toneLevel(output, 3000)).toBeCloseTo(2000, -3);
  expect(toneLevel(output, 2100)).toBeLessThan(200);
});
