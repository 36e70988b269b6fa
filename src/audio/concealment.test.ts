import { describe, expect, it } from 'vitest';
import { Concealment } from './concealment.ts';
import { FRAME_SAMPLES } from './frame.ts';

/** A voice: 125 Hz with overtones. */
const voice = (frame: number) =>
  Int16Array.from({ length: FRAME_SAMPLES }, (_, i) => {
    const phase = (2 * Math.PI * 125 * (frame * FRAME_SAMPLES + i)) / 8000;
    return 6000 * Math.sin(phase) + 3000 * Math.sin(2 * phase + 1) + 1500 * Math.sin(5 * phase);
  });
const loudness = (samples: Int16Array) => Math.hypot(...samples) / Math.sqrt(samples.length);
const steepest = (samples: number[]) =>
  Math.max(...samples.slice(1).map((sample, i) => Math.abs(sample - samples[i]!)));

const spoken = (frames: number) => {
  const concealment = new Concealment();
  for (let n = 0; n < frames; n++) concealment.received(voice(n));
  return concealment;
};
const concealed = (concealment: Concealment) => {
  const frame = new Int16Array(FRAME_SAMPLES).fill(12345);
  concealment.lost(frame);
  return frame;
};

describe('concealment of a loss', () => {
  it('continues the voice', () => {
    const frame = concealed(spoken(5));
    const missed = voice(5);
    const error = frame.map((sample, i) => sample - missed[i]!);
    expect(loudness(error)).toBeLessThan(loudness(missed) / 3);
  });

  it('fades to silence within 60 ms', () => {
    const concealment = spoken(5);
    const levels = [1, 2, 3, 4].map(() => loudness(concealed(concealment)));
    expect(levels[1]!).toBeLessThan(levels[0]!);
    expect(levels[2]!).toBeLessThan(levels[1]!);
    expect(levels[3]).toBe(0);
  });

  it('starts and ends without a click', () => {
    const concealment = spoken(5);
    const gap = concealed(concealment);
    const after = voice(6);
    concealment.received(after);
    expect(steepest([...voice(4), ...gap, ...after])).toBeLessThan(1.3 * steepest([...voice(4)]));
  });

  it('changes only the first 5 ms of the sound that follows', () => {
    const concealment = spoken(5);
    concealed(concealment);
    const after = voice(6);
    concealment.received(after);
    expect(after.subarray(40)).toEqual(voice(6).subarray(40));
  });
});

it('fades to silence within 5 ms where the sender paused', () => {
  const concealment = spoken(5);
  const frame = new Int16Array(FRAME_SAMPLES);
  concealment.silent(frame);
  expect(loudness(frame.subarray(0, 20))).toBeGreaterThan(1000);
  expect(loudness(frame.subarray(40))).toBe(0);
});

it('leaves the first sound of a stream unchanged', () => {
  const concealment = new Concealment();
  expect(loudness(concealed(concealment))).toBe(0);
  const first = voice(0);
  concealment.received(first);
  expect(first).toEqual(voice(0));
});
