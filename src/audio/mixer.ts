import { FRAME_SAMPLES, saturate } from './frame.ts';

/** Adds two frames into `out`, which may be one of them, with clipping. */
export function addFrames(a: Int16Array, b: Int16Array, out: Int16Array): void {
  for (let i = 0; i < FRAME_SAMPLES; i++) out[i] = saturate(a[i]! + b[i]!);
}

/** Reports whether every sample of a frame is 0. */
export function isSilent(frame: Int16Array): boolean {
  for (let i = 0; i < FRAME_SAMPLES; i++) if (frame[i] !== 0) return false;
  return true;
}

/** Sums one frame of all participants of a conference; each listener gets the sum without its own voice. */
export class Mix {
  /** Not clipped, so that one voice can be subtracted exactly. */
  readonly sum = new Int32Array(FRAME_SAMPLES);
  /** Frames added since `clear`. */
  voices = 0;
  #clipped = new Int16Array(FRAME_SAMPLES);
  #isClipped = false;

  clear(): void {
    if (this.voices > 0) this.sum.fill(0);
    this.voices = 0;
    this.#isClipped = false;
  }

  add(frame: Int16Array | Int32Array): void {
    const sum = this.sum;
    for (let i = 0; i < FRAME_SAMPLES; i++) sum[i]! += frame[i]!;
    this.voices++;
    this.#isClipped = false;
  }

  /**
   * The mix for one listener, clipped for this listener alone.
   * @param own the listener's frame, which was added before, or null for a silent listener.
   * @param out buffer of the listener. @returns `out`, a buffer that all silent listeners share, or null for silence.
   */
  without(own: Int16Array | null, out: Int16Array): Int16Array | null {
    if (own === null) return this.voices === 0 ? null : this.#everyone();
    if (this.voices === 1) return null;
    const sum = this.sum;
    for (let i = 0; i < FRAME_SAMPLES; i++) out[i] = saturate(sum[i]! - own[i]!);
    return out;
  }

  #everyone(): Int16Array {
    const [sum, clipped] = [this.sum, this.#clipped];
    if (!this.#isClipped) for (let i = 0; i < FRAME_SAMPLES; i++) clipped[i] = saturate(sum[i]!);
    this.#isClipped = true;
    return clipped;
  }
}
