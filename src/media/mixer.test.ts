import { expect, it } from 'vitest';
import { FRAME_SAMPLES } from './frame.ts';
import { toneLevel } from './goertzel.ts';
import { addFrames, Mixer } from './mixer.ts';

const tone = (frequency: number, amplitude = 5000) =>
  Int16Array.from(
    { length: FRAME_SAMPLES },
    (_, i) => amplitude * Math.sin((2 * Math.PI * frequency * i) / 8000),
  );
const constant = (value: number) => new Int16Array(FRAME_SAMPLES).fill(value);
const heardBy = (said: Int16Array[]) => {
  const heard = said.map(() => new Int16Array(FRAME_SAMPLES));
  new Mixer().mixMinus(said, heard);
  return heard;
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

it('writes into the frames that were said, if told so', () => {
  const frames = [constant(1), constant(2), constant(4)];
  new Mixer().mixMinus(frames, frames);
  expect(frames).toEqual([constant(6), constant(5), constant(3)]);
});

it('adds two frames and cuts what is too loud', () => {
  const out = constant(0);
  addFrames(constant(-20_000), constant(-20_000), out);
  expect(out).toEqual(constant(-32_768));
  addFrames(out, constant(100), out);
  expect(out).toEqual(constant(-32_668));
});
