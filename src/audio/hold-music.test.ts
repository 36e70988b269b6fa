import { expect, it } from 'vitest';
import { holdMusic } from './hold-music.ts';

it('lasts eight to sixteen seconds, is neither loud nor silent anywhere, and is made once', () => {
  const { samples } = holdMusic();
  expect(samples.length / 8000).toBeGreaterThanOrEqual(8);
  expect(samples.length / 8000).toBeLessThanOrEqual(16);
  for (let second = 0; second + 1 < samples.length / 8000; second++) {
    const part = samples.subarray(second * 8000, (second + 1) * 8000);
    const power = Math.sqrt(part.reduce((sum, sample) => sum + sample ** 2, 0) / part.length);
    expect(power).toBeGreaterThan(300);
    expect(power).toBeLessThan(4000);
  }
  expect(holdMusic()).toBe(holdMusic());
});

it('loops without a click', () => {
  const { samples } = holdMusic();
  const steepest = samples.reduce(
    (most, sample, i) => Math.max(most, Math.abs(sample - samples[i - 1]!) || 0),
    0,
  );
  expect(Math.abs(samples[0]! - samples.at(-1)!)).toBeLessThanOrEqual(steepest);
});
