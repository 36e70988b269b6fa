import { expect, it } from 'vitest';
import { seededRandom } from '../core/index.ts';
import { toneLevel } from './goertzel.ts';

const tone = (frequency: number, amplitude: number, rate = 8000) =>
  Int16Array.from(
    { length: rate / 10 },
    (_, i) => amplitude * Math.sin((2 * Math.PI * frequency * i) / rate + 1),
  );

it('measures the level of a tone at any sample rate', () => {
  expect(toneLevel(tone(440, 10_000), 440)).toBeCloseTo(10_000, -2);
  expect(toneLevel(tone(440, 300, 48_000), 440, 48_000)).toBeCloseTo(300, -1);
});

it('ignores another tone', () => {
  expect(toneLevel(tone(480, 10_000), 440)).toBeLessThan(100);
});

it('measures a tone in noise of the same level', () => {
  const random = seededRandom(1);
  const noisy = tone(1000, 2000).map((sample) => sample + (random.float() - 0.5) * 5000);
  expect(toneLevel(noisy, 1000)).toBeGreaterThan(1700);
  expect(toneLevel(noisy, 1000)).toBeLessThan(2300);
  expect(toneLevel(noisy, 1500)).toBeLessThan(400);
});

it('measures 0 in silence and in an empty sound', () => {
  expect(toneLevel(new Int16Array(0), 440)).toBe(0);
  expect(toneLevel(new Int16Array(160), 440)).toBe(0);
});
