import { FRAME_SAMPLES, saturate } from './frame.ts';

// Pitch of a voice: 67–200 Hz, as periods in 8 kHz samples, compared over 20 ms.
const SHORTEST = 40;
const LONGEST = 120;
const COMPARED = 160;
const KEPT = LONGEST + COMPARED;
/** Frames are appended, and moved to the beginning only when there is no more space. */
const PAST = KEPT + 4 * FRAME_SAMPLES;
/** Concealment fades out within 60 ms. */
const FADE = 480;
/** Intended silence fades in and out within 5 ms. */
const EDGE = 40;

/**
 * Packet loss concealment, a simplified ITU-T G.711 Appendix I. It repeats the last pitch period with a fade and blends in
 * the sound that follows.
 */
export class Concealment {
  #past = new Int16Array(PAST);
  #pastEnd = KEPT;
  #cycle = new Int16Array(LONGEST);
  #period = 0;
  #position = 0;
  /** 1 at the start of a gap, 0 once it has faded out. */
  #gain = 0;
  #concealing = false;
  #hasPlayed = false;

  /** Whether the concealment of the gap is still audible. */
  get audible(): boolean {
    return this.#concealing && this.#gain > 0;
  }

  /** Learns from sound that arrived, `out[from…to)`; after a gap, blends its first 5 ms in place. */
  received(out: Int16Array, from = 0, to = FRAME_SAMPLES): void {
    if (this.#concealing && this.#hasPlayed) this.#rejoin(out, from, to);
    this.#concealing = false;
    this.#hasPlayed = true;
    this.#remember(out, from, to);
  }

  /** Fills `out[from…to)` in place of lost sound. */
  lost(out: Int16Array, from = 0, to = FRAME_SAMPLES): void {
    this.#conceal(out, from, to, 1 / FADE);
  }

  /** Fills `out[from…to)` where the sender was silent. */
  silent(out: Int16Array, from = 0, to = FRAME_SAMPLES): void {
    this.#conceal(out, from, to, 1 / EDGE);
  }

  #conceal(out: Int16Array, from: number, to: number, fade: number): void {
    if (!this.#concealing) this.#startConcealing();
    for (let i = from; i < to; i++) out[i] = this.#next(fade);
    this.#remember(out, from, to);
  }

  #startConcealing(): void {
    const past = this.#past.subarray(this.#pastEnd - KEPT, this.#pastEnd);
    this.#period = pitchPeriod(past);
    this.#cycle.set(past.subarray(KEPT - this.#period));
    this.#position = 0;
    this.#gain = 1;
    this.#concealing = true;
  }

  #next(fade: number): number {
    if (this.#gain <= 0) return 0;
    const sample = saturate(this.#cycle[this.#position]! * this.#gain);
    this.#position = (this.#position + 1) % this.#period;
    this.#gain -= fade;
    return sample;
  }

  #rejoin(out: Int16Array, from: number, to: number): void {
    const end = Math.min(to, from + EDGE);
    for (let i = from; i < end; i++) {
      const weight = (i - from + 1) / (EDGE + 1);
      out[i] = saturate(out[i]! * weight + this.#next(1 / FADE) * (1 - weight));
    }
  }

  #remember(out: Int16Array, from: number, to: number): void {
    const past = this.#past;
    if (this.#pastEnd + to - from > PAST) {
      past.copyWithin(0, this.#pastEnd - KEPT, this.#pastEnd);
      this.#pastEnd = KEPT;
    }
    const shift = this.#pastEnd - from;
    for (let i = from; i < to; i++) past[shift + i] = out[i]!;
    this.#pastEnd += to - from;
  }
}

/** Finds the lag at which the newest 20 ms resemble the samples before them most. */
function pitchPeriod(past: Int16Array): number {
  let best = LONGEST;
  let similarity = 0;
  for (let lag = SHORTEST; lag <= LONGEST; lag++) {
    let product = 0;
    let energy = 1;
    for (let i = KEPT - COMPARED; i < KEPT; i++) {
      const earlier = past[i - lag]!;
      product += past[i]! * earlier;
      energy += earlier * earlier;
    }
    const score = product > 0 ? (product * product) / energy : 0;
    if (score > similarity) {
      similarity = score;
      best = lag;
    }
  }
  return best;
}
