import { FRAME_SAMPLES, saturate } from './frame.ts';

// The pitch of voices: 67–200 Hz as periods of 8 kHz samples, compared over 20 ms.
const SHORTEST = 40;
const LONGEST = 120;
const COMPARED = 160;
const KEPT = LONGEST + COMPARED;
/** A loss is hidden for 60 ms, softer and softer; then it is silence. */
const FADE = 480;
/** A gap that the sender meant to be silent needs no more than a soft edge: 5 ms, as does the way back. */
const EDGE = 40;

/**
 * Hides what is missing in a stream of sound: the last period of the voice goes on and fades, and what comes
 * after is blended in. After ITU-T G.711 Appendix I, in simple.
 */
export class Concealment {
  #past = new Int16Array(KEPT);
  #cycle = new Int16Array(LONGEST);
  #period = 0;
  #position = 0;
  /** 0 while nothing is hidden. */
  #gain = 0;
  #hiding = false;
  #heardAny = false;

  /** Whether what hides the gap can still be heard. */
  get audible(): boolean {
    return this.#hiding && this.#gain > 0;
  }

  /** Takes note of sound that did arrive, `out[from…to)`; after a gap its first 5 ms are blended in place. */
  heard(out: Int16Array, from = 0, to = FRAME_SAMPLES): void {
    if (this.#hiding && this.#heardAny) this.#rejoin(out, from, to);
    this.#hiding = false;
    this.#heardAny = true;
    this.#remember(out, from, to);
  }

  /** Fills `out[from…to)` in place of sound that was lost. */
  lost(out: Int16Array, from = 0, to = FRAME_SAMPLES): void {
    this.#hide(out, from, to, 1 / FADE);
  }

  /** Fills `out[from…to)` where the sender was silent. */
  silent(out: Int16Array, from = 0, to = FRAME_SAMPLES): void {
    this.#hide(out, from, to, 1 / EDGE);
  }

  #hide(out: Int16Array, from: number, to: number, fade: number): void {
    if (!this.#hiding) this.#startHiding();
    for (let i = from; i < to; i++) out[i] = this.#next(fade);
    this.#remember(out, from, to);
  }

  #startHiding(): void {
    this.#period = pitchPeriod(this.#past);
    this.#cycle.set(this.#past.subarray(KEPT - this.#period));
    this.#position = 0;
    this.#gain = 1;
    this.#hiding = true;
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
    const shift = KEPT - to;
    past.copyWithin(0, to - from);
    for (let i = from; i < to; i++) past[shift + i] = out[i]!;
  }
}

/** The lag at which the newest 20 ms are most like what came before them. */
function pitchPeriod(past: Int16Array): number {
  let best = LONGEST;
  let likeness = 0;
  for (let lag = SHORTEST; lag <= LONGEST; lag++) {
    let product = 0;
    let energy = 1;
    for (let i = KEPT - COMPARED; i < KEPT; i++) {
      const earlier = past[i - lag]!;
      product += past[i]! * earlier;
      energy += earlier * earlier;
    }
    const score = product > 0 ? (product * product) / energy : 0;
    if (score > likeness) {
      likeness = score;
      best = lag;
    }
  }
  return best;
}
