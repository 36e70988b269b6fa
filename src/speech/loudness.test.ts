import { expect, test } from 'vitest';
import { normalizeLoudness } from './loudness.ts';

const RATE = 8000;

function voice(options: { seconds: number; amplitude: number; lead?: number; dc?: number }): Int16Array {
  const { seconds, amplitude, lead = 0, dc = 0 } = options;
  return Int16Array.from({ length: (seconds + 2 * lead) * RATE }, (_, i) => {
    const speaking = i >= lead * RATE && i < (lead + seconds) * RATE;
    return dc + (speaking ? amplitude * Math.sin((2 * Math.PI * 440 * i) / RATE) : 0);
  });
}

const dbfs = (samples: Int16Array) =>
  20 * Math.log10(Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length) / 32768);

test.each([300, 3000, 30000])('a voice of amplitude %i is normalized to -18 dBFS', (amplitude) => {
  const out = normalizeLoudness(voice({ seconds: 1, amplitude }));
  expect(dbfs(out.subarray(100, 7900))).toBeCloseTo(-18, 0);
});

test('removes silence before the first word', () => {
  const out = normalizeLoudness(voice({ seconds: 1, amplitude: 3000, lead: 0.5 }));
  expect(out.findIndex((sample) => Math.abs(sample) > 1000)).toBeLessThan(0.03 * RATE);
  expect(out.length / RATE).toBeLessThan(1.2);
});

test('removes a DC offset and fades both edges', () => {
  const out = normalizeLoudness(voice({ seconds: 1, amplitude: 3000, dc: 500 }));
  expect(Math.abs(out.reduce((sum, x) => sum + x, 0) / out.length)).toBeLessThan(5);
  expect(Math.abs(out[0]!)).toBeLessThan(300);
  expect(out.at(-1)).toBe(0);
});

test('does not clip a single loud sample', () => {
  const cracked = voice({ seconds: 1, amplitude: 300 });
  cracked[4000] = 32767;
  const out = normalizeLoudness(cracked);
  expect(Math.max(...out)).toBeLessThan(30000);
  expect(Math.max(...out)).toBeGreaterThan(25000);
});

test('returns nothing for silence and for no samples', () => {
  expect(normalizeLoudness(new Int16Array(8000)).length).toBe(0);
  expect(normalizeLoudness(new Int16Array(0)).length).toBe(0);
});
