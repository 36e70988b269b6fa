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
/** What each of them hears of the others. */
const heardBy = (said: (Int16Array | null)[]) => {
  const mix = new Mix();
  for (const frame of said) if (frame) mix.add(frame);
  return said.map((own) => mix.without(own, new Int16Array(FRAME_SAMPLES))?.slice() ?? constant(0));
};

it('lets everybody hear everybody else, and nobody themselves', () => {
  const tones = [400, 800, 1200, 1600];
  const heard = heardBy(tones.map((frequency) => tone(frequency)));
  heard.forEach((frame, listener) => {
    tones.forEach((frequency, speaker) => {
      expect(toneLevel(frame, frequency) / 5000).toBeCloseTo(listener === speaker ? 0 : 1, 1);
    });
  });
});

it('lets somebody alone hear nothing', () => {
  expect(heardBy([tone(400)])).toEqual([constant(0)]);
});

it('cuts what is too loud, for each listener alone', () => {
  const heard = heardBy([constant(30_000), constant(20_000), constant(-25_000)]);
  expect(heard).toEqual([constant(-5000), constant(5000), constant(32_767)]);
});

it('lets those who are silent hear all, and begins anew when cleared', () => {
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

it('gives each in a room of any size exactly the sum of the others, as loud as a sample can be', () => {
  const sample = fc.integer({ min: -32_768, max: 32_767 });
  fc.assert(
    fc.property(fc.array(fc.option(sample), { minLength: 1, maxLength: 30 }), (said) => {
      const heard = heardBy(said.map((value) => (value === null ? null : constant(value))));
      const sum = said.reduce<number>((total, value) => total + (value ?? 0), 0);
      expect(heard.map((frame) => frame[77])).toEqual(
        said.map((own) => Math.max(-32_768, Math.min(32_767, sum - (own ?? 0)))),
      );
    }),
  );
});

it('tells silence from the faintest sound', () => {
  const frame = constant(0);
  expect(isSilent(frame)).toBe(true);
  frame[159] = -1;
  expect(isSilent(frame)).toBe(false);
});

it('adds two frames and cuts what is too loud', () => {
  const out = constant(0);
  addFrames(constant(-20_000), constant(-20_000), out);
  expect(out).toEqual(constant(-32_768));
  addFrames(out, constant(100), out);
  expect(out).toEqual(constant(-32_668));
});
