import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FRAME_SAMPLES } from './frame.ts';
import { toneLevel } from './goertzel.ts';
import { addFrames, isSilent, Mix } from './mixer.ts';

const tone = (frequency: number, amplitude = 5000) =>
  Int16Array.from(
    { length: FRAME_SAMPLES },
    (_, i) => amplitude * Math.sin((2 * Math.PI * frequency * i) / 8000),
  );
const constant = (value: number) => new Int16Array(FRAME_SAMPLES).fill(value);
/** What each participant hears of the others. */
const mixesFor = (said: (Int16Array | null)[]) => {
  const mix = new Mix();
  for (const frame of said) if (frame) mix.add(frame);
  return said.map((own) => mix.without(own, new Int16Array(FRAME_SAMPLES))?.slice() ?? constant(0));
};

it('gives each participant all voices but their own', () => {
  const tones = [400, 800, 1200, 1600];
  const mixes = mixesFor(tones.map((frequency) => tone(frequency)));
  mixes.forEach((frame, listener) => {
    tones.forEach((frequency, speaker) => {
      expect(toneLevel(frame, frequency) / 5000).toBeCloseTo(listener === speaker ? 0 : 1, 1);
    });
  });
});

it('gives a lone participant silence', () => {
  expect(mixesFor([tone(400)])).toEqual([constant(0)]);
});

it('clips for each listener separately', () => {
  const mixes = mixesFor([constant(30_000), constant(20_000), constant(-25_000)]);
  expect(mixes).toEqual([constant(-5000), constant(5000), constant(32_767)]);
});

it('gives silent listeners the whole mix and starts over after clear', () => {
  const mix = new Mix();
  const own = constant(0);
  mix.add(constant(30_000));
  mix.add(constant(20_000));
  expect(mix.without(null, own)).toEqual(constant(32_767));
  mix.clear();
  expect(mix.without(null, own)).toBe(null);
  mix.add(constant(7));
  expect(mix.without(null, own)).toEqual(constant(7));
});

it('gives each participant exactly the clipped sum of the others, for any number of participants', () => {
  const sample = fc.integer({ min: -32_768, max: 32_767 });
  fc.assert(
    fc.property(fc.array(fc.option(sample), { minLength: 1, maxLength: 30 }), (said) => {
      const mixes = mixesFor(said.map((value) => (value === null ? null : constant(value))));
      const sum = said.reduce<number>((total, value) => total + (value ?? 0), 0);
      expect(mixes.map((frame) => frame[77])).toEqual(
        said.map((own) => Math.max(-32_768, Math.min(32_767, sum - (own ?? 0)))),
      );
    }),
  );
});

it('distinguishes silence from the quietest sound', () => {
  const frame = constant(0);
  expect(isSilent(frame)).toBe(true);
  frame[159] = -1;
  expect(isSilent(frame)).toBe(false);
});

it('adds two frames with clipping', () => {
  const out = constant(0);
  addFrames(constant(-20_000), constant(-20_000), out);
  expect(out).toEqual(constant(-32_768));
  addFrames(out, constant(100), out);
  expect(out).toEqual(constant(-32_668));
});
