import type { AudioClip } from '../calls/index.ts';

/** Samples a second of all sound that is played to a leg. */
export const RATE = 8000;

/** Sines of these frequencies added up. @param level how loud each of them is at a sample. */
export function tones(seconds: number, frequencies: number[], level: (sample: number) => number): AudioClip {
  const samples = new Int16Array(new SharedArrayBuffer(seconds * RATE * 2));
  for (let i = 0; i < samples.length; i++) {
    const wave = frequencies.reduce((sum, hz) => sum + Math.sin((2 * Math.PI * hz * i) / RATE), 0);
    samples[i] = level(i) * wave;
  }
  return { samples };
}
