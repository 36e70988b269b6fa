import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toneLevel } from './goertzel.ts';
import { Resampler, resample } from './resampler.ts';

const tone = (frequency: number, rate: number, seconds = 0.25) =>
  Int16Array.from(
    { length: rate * seconds },
    (_, i) => 16_000 * Math.sin((2 * Math.PI * frequency * i) / rate),
  );
const middle = (samples: Int16Array) => samples.subarray(samples.length >> 2, (samples.length >> 2) * 3);
const decibels = (samples: ArrayLike<number>) => {
  let energy = 0;
  for (let i = 0; i < samples.length; i++) energy += samples[i]! ** 2;
  return 10 * Math.log10(energy / samples.length / (16_000 ** 2 / 2));
};

const RATES = [8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
const UP_FROM_8 = RATES.slice(1);

describe.each(UP_FROM_8)('between 8,000 and %i Hz', (rate) => {
  it('downsamples a tone to the same tone without delay', () => {
    const output = resample(tone(3000, rate), rate, 8000);
    const expected = tone(3000, 8000);
    expect(Math.abs(output.length - expected.length)).toBeLessThanOrEqual(1);
    expect(decibels(middle(output).map((sample, i) => sample - middle(expected)[i]!))).toBeLessThan(-80);
  });

  it('attenuates frequencies above the lower Nyquist frequency by 80 dB', () => {
    const output = middle(resample(tone(4400, rate), rate, 8000));
    expect(decibels(output)).toBeLessThan(-80);
  });

  it('upsamples a tone without images', () => {
    const output = middle(resample(tone(3000, 8000), 8000, rate));
    const expected = middle(tone(3000, rate));
    expect(decibels(Array.from(expected, (sample, i) => sample - output[i]!))).toBeLessThan(-80);
  });
});

it('keeps the level of a tone between all rates', () => {
  for (const from of RATES) {
    for (const to of RATES) {
      const output = middle(resample(tone(1000, from, 0.1), from, to));
      expect(toneLevel(output, 1000, to) / 16_000).toBeCloseTo(1, 2);
    }
  }
});

it('produces the same samples however the input is split', () => {
  const whole = tone(440, 22_050, 0.1);
  const expected = resample(whole, 22_050, 8000);
  fc.assert(
    fc.property(fc.array(fc.nat(700), { maxLength: 20 }), (cuts) => {
      const resampler = new Resampler(22_050, 8000);
      const out = new Int16Array(2000);
      let written = 0;
      let from = 0;
      for (const count of [...cuts, whole.length]) {
        const part = whole.subarray(from, from + count);
        const came = resampler.push(part, out, written);
        expect(came).toBeLessThanOrEqual(resampler.maxOutput(part.length));
        written += came;
        from += part.length;
      }
      written += resampler.flush(out, written);
      expect(written).toBeGreaterThanOrEqual(expected.length);
      expect(out.subarray(0, expected.length)).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});

it('starts a new stream after a flush', () => {
  const resampler = new Resampler(16_000, 8000);
  const run = () => {
    const out = new Int16Array(1000);
    const written = resampler.push(tone(500, 16_000, 0.05), out);
    resampler.flush(out, written);
    return out;
  };
  expect(run()).toEqual(run());
});

it('clips samples that exceed 16 bits', () => {
  const square = Int16Array.from({ length: 1600 }, (_, i) => (i % 80 < 40 ? 32_767 : -32_768));
  const output = resample(square, 16_000, 8000);
  expect(Math.max(...output)).toBe(32_767);
  expect(Math.min(...output)).toBe(-32_768);
});
