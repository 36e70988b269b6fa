import { FRAME_SAMPLES, saturate } from './frame.ts';

/** Adds two frames into `out`, which may be one of them. What is too loud is cut. */
export function addFrames(a: Int16Array, b: Int16Array, out: Int16Array): void {
  for (let i = 0; i < FRAME_SAMPLES; i++) out[i] = saturate(a[i]! + b[i]!);
}

/** Everybody hears everybody else. One mixer serves any number of rooms, one after the other, within a beat. */
export class Mixer {
  #sum = new Int32Array(FRAME_SAMPLES);

  /**
   * Fills `heard[n]` with the sum of all that is said but `said[n]`. What is too loud is cut for each listener
   * alone. A frame may be in both lists.
   */
  mixMinus(said: readonly Int16Array[], heard: readonly Int16Array[]): void {
    const sum = this.#sum.fill(0);
    for (const frame of said) for (let i = 0; i < FRAME_SAMPLES; i++) sum[i]! += frame[i]!;
    for (let n = 0; n < said.length; n++) {
      const own = said[n]!;
      const out = heard[n]!;
      for (let i = 0; i < FRAME_SAMPLES; i++) out[i] = saturate(sum[i]! - own[i]!);
    }
  }
}
