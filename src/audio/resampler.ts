import { saturate } from './frame.ts';

/** Zero crossings of the sinc on each side, at the lower of the two rates: 80 dB with the window below. */
const CROSSINGS = 32;
/** Kaiser's β for a stop-band of more than 80 dB. */
const BETA = 8.6;
/** End of the pass-band, as a fraction of the lower Nyquist frequency. The slope takes the rest. */
const CUTOFF = 0.92;

/**
 * Converts the sample rate of a stream with a polyphase windowed-sinc filter. Aliases are more than 80 dB down. The output
 * does not depend on how the input is split into chunks. The delay of the filter is compensated: output sample 0 has the
 * time of input sample 0.
 */
export class Resampler {
  #up: number;
  #down: number;
  #taps: number;
  /** `#up` filters of `#taps` coefficients. */
  #phases: Float32Array;
  /** Input samples that the filter still needs, newest last. */
  #history: Float32Array;
  #kept: number;
  /** Position of the next output, in steps of 1/up of an input sample from the start of the history. */
  #position = 0;

  /** @param from samples per second in. @param to samples per second out. Both whole and positive. */
  constructor(from: number, to: number) {
    const common = greatestCommonDivisor(from, to);
    this.#up = to / common;
    this.#down = from / common;
    const half = Math.ceil(CROSSINGS * Math.max(1, from / to));
    this.#taps = 2 * half;
    this.#phases = polyphase(this.#up, half, Math.min(1, to / from) * CUTOFF);
    this.#history = new Float32Array(4 * this.#taps);
    // The stream starts as if silence preceded it: half a filter length before the first sample.
    this.#kept = half - 1;
  }

  /** The most samples that `push` writes for `count` input samples; `flush` writes at most `maxOutput(0)`. */
  maxOutput(count: number): number {
    return Math.ceil(((count + this.#taps) * this.#up) / this.#down) + 1;
  }

  /** Takes input samples and writes the output that is due. @returns samples written to `out` from `at`. */
  push(samples: Int16Array, out: Int16Array, at = 0): number {
    let written = at;
    const chunk = this.#history.length - this.#taps;
    for (let from = 0; from < samples.length; ) {
      const to = Math.min(samples.length, from + chunk - this.#kept + this.#taps - 1);
      for (let i = from; i < to; i++) this.#history[this.#kept++] = samples[i]!;
      written = this.#drain(out, written);
      from = to;
    }
    return written - at;
  }

  /** Writes what is still in the filter and starts a new stream. @returns samples written. */
  flush(out: Int16Array, at = 0): number {
    const written = this.push(new Int16Array(this.#taps / 2), out, at);
    this.#kept = this.#taps / 2 - 1;
    this.#position = 0;
    this.#history.fill(0);
    return written;
  }

  #drain(out: Int16Array, at: number): number {
    const taps = this.#taps;
    const history = this.#history;
    const phases = this.#phases;
    let first = Math.floor(this.#position / this.#up);
    while (first + taps <= this.#kept) {
      const phase = (this.#position % this.#up) * taps;
      let sum = 0;
      for (let i = 0; i < taps; i++) sum += history[first + i]! * phases[phase + i]!;
      out[at++] = saturate(sum);
      this.#position += this.#down;
      first = Math.floor(this.#position / this.#up);
    }
    this.#forget(Math.min(first, this.#kept));
    return at;
  }

  #forget(count: number): void {
    this.#history.copyWithin(0, count, this.#kept);
    this.#kept -= count;
    this.#position -= count * this.#up;
  }
}

/** Converts the sample rate of a whole sound. The result lasts as long, to the nearest sample. */
export function resample(samples: Int16Array, from: number, to: number): Int16Array {
  if (from === to) return samples;
  const resampler = new Resampler(from, to);
  const out = new Int16Array(resampler.maxOutput(samples.length) + resampler.maxOutput(0));
  const written = resampler.push(samples, out);
  resampler.flush(out, written);
  return out.subarray(0, Math.round((samples.length * to) / from));
}

/** Computes the filter for each of the `up` positions that an output sample can have between two inputs. */
function polyphase(up: number, half: number, cutoff: number): Float32Array {
  const taps = 2 * half;
  const phases = new Float32Array(up * taps);
  for (let phase = 0; phase < up; phase++) {
    const offset = half - 1 + phase / up;
    let sum = 0;
    for (let i = 0; i < taps; i++) {
      const x = i - offset;
      const tap = sinc(x * cutoff) * kaiser(x / half);
      phases[phase * taps + i] = tap;
      sum += tap;
    }
    // Every phase has the same gain at DC, or a steady tone would ripple.
    for (let i = 0; i < taps; i++) phases[phase * taps + i]! /= sum;
  }
  return phases;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

const kaiser = (x: number): number =>
  Math.abs(x) >= 1 ? 0 : besselI0(BETA * Math.sqrt(1 - x * x)) / besselI0(BETA);

function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
