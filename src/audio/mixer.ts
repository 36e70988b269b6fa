import { FRAME_SAMPLES, saturate } from './frame.ts';

/** Adds two frames into `out`, which may be one of them. What is too loud is cut. */
export function addFrames(a: Int16Array, b: Int16Array, out: Int16Array): void {
  for (let i = 0; i < FRAME_SAMPLES; i++) out[i] = saturate(a[i]! + b[i]!);
}

/** Whether nothing at all is to be heard. */
export function isSilent(frame: Int16Array): boolean {
  for (let i = 0; i < FRAME_SAMPLES; i++) if (frame[i] !== 0) return false;
  return true;
}

/** The sum of all that is said in a room in one frame, from which each listener gets all but its own. */
export class Mix {
  /** Not cut, so that one voice can be taken away again exactly. */
  readonly sum = new Int32Array(FRAME_SAMPLES);
  /** How many frames were added. */
  voices = 0;
  #whole = new Int16Array(FRAME_SAMPLES);
  #isCut = false;

  clear(): void {
    if (this.voices > 0) this.sum.fill(0);
    this.voices = 0;
    this.#isCut = false;
  }

  add(frame: Int16Array | Int32Array): void {
    const sum = this.sum;
    for (let i = 0; i < FRAME_SAMPLES; i++) sum[i]! += frame[i]!;
    this.voices++;
    this.#isCut = false;
  }

  /**
   * All that was said but one voice, which was added or is null. What is too loud is cut for each listener alone.
   * @param out for the listener's own use. @returns `out`, or what all share who are silent; null for silence.
   */
  without(own: Int16Array | null, out: Int16Array): Int16Array | null {
    if (own === null) return this.voices === 0 ? null : this.#all();
    if (this.voices === 1) return null;
    const sum = this.sum;
    for (let i = 0; i < FRAME_SAMPLES; i++) out[i] = saturate(sum[i]! - own[i]!);
    return out;
  }

  #all(): Int16Array {
    const [sum, whole] = [this.sum, this.#whole];
    if (!this.#isCut) for (let i = 0; i < FRAME_SAMPLES; i++) whole[i] = saturate(sum[i]!);
    this.#isCut = true;
    return whole;
  }
}
