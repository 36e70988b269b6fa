import type { AudioClip } from '../calls/index.ts';

/** Samples per second of all sound that is played to a leg. */
const RATE = 8000;

/** Adds up sine waves of these frequencies. @param level the amplitude of each wave at a sample. */
function tones(seconds: number, frequencies: number[], level: (sample: number) => number): AudioClip {
  const samples = new Int16Array(new SharedArrayBuffer(seconds * RATE * 2));
  for (let i = 0; i < samples.length; i++) {
    const wave = frequencies.reduce((sum, hz) => sum + Math.sin((2 * Math.PI * hz * i) / RATE), 0);
    samples[i] = level(i) * wave;
  }
  return { samples };
}

/** The tone before a recording: a quarter second of 1,000 Hz that fades in and out. */
export function beep(): AudioClip {
  const length = RATE / 4;
  return tones(0.25, [1000], (i) => 8000 * Math.min(1, i / 80, (length - i) / 80));
}

/** North American ringback: 440 + 480 Hz, two seconds on and four off, repeated for ever. */
export async function* ringback(): AsyncIterable<AudioClip> {
  const ring = tones(6, [440, 480], (i) => (i < 2 * RATE ? 2500 : 0));
  for (;;) yield ring;
}

/**
 * The North American reorder tone, which means that a call cannot be completed. It has 480 + 620 Hz, on and off every
 * 250 ms, for two seconds.
 */
export const reorderTone = (): AudioClip =>
  tones(2, [480, 620], (i) => (Math.floor(i / (RATE / 4)) % 2 === 0 ? 3000 : 0));
