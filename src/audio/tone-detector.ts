import type { Digit } from './digits.ts';
import { COLUMNS, keyAt, ROWS } from './digits.ts';
import { FRAME_SAMPLES, SAMPLE_RATE } from './frame.ts';
import { goertzel } from './goertzel.ts';

/** Samples in which tones are looked for: 12.75 ms, in which neighbouring rows just do not disturb each other. */
const BLOCK = 102;
/** Blocks overlap by half, so that a tone of 40 ms fills four of them wherever it begins. */
const HOP = 51;
const HITS_TO_PRESS = 4;
/** ITU-T Q.24: a break of 10 ms is not the end of a press, one of 40 ms is. They spoil four and seven blocks. */
const MISSES_TO_RELEASE = 5;

/** A press that lasts longer than 30 s is over: something else makes the tone, or a key is stuck. */
const LONGEST_BLOCKS = (30 * SAMPLE_RATE) / HOP;

/** The softest tone: a sine with its peak at 350, −36 dBm0. */
const SOFTEST = (350 * BLOCK) ** 2 / 4;
/** The energy of a block in which that tone is all there is; in a frame with less there is no key. */
const SOFTEST_ENERGY = SOFTEST / (BLOCK / 2);
/** Columns may be louder than rows by 8 dB, rows louder than columns by 4 dB. */
const TWIST = 10 ** (8 / 10);
const REVERSE_TWIST = 10 ** (4 / 10);
/** The loudest of each four is louder than the others by 8 dB. */
const ABOVE_OTHERS = 10 ** (8 / 10);
/** The two tones are nearly all there is, to 1.3 dB: what tells them from a voice. 1 dB is lost at 1.5 % off. */
const PURITY = 10 ** (-1.3 / 10) * (BLOCK / 2);

/** Hears the keys pressed in a stream of sound: each press is told exactly once, when it is over. */
export class ToneDetector {
  #heard: (digit: Digit) => void;
  #begun: (digit: string) => void;
  #samples = new Int16Array(BLOCK + FRAME_SAMPLES);
  #filled = 0;
  /** Was the frame before too soft for a key? */
  #quiet = false;
  #rows = new Float64Array(4);
  #columns = new Float64Array(4);
  /** What the last block was, and how many in a row were the same. */
  #hit = '';
  #hits = 0;
  /** The key that is pressed, or nothing; `over` when it counts no longer. */
  #pressed = '';
  #over = false;
  #misses = 0;
  /** Blocks from the first with the key to the last. */
  #blocks = 0;

  /** @param heard called with each press when it is over. @param begun called when one begins. */
  constructor(heard: (digit: Digit) => void, begun: (digit: string) => void = () => {}) {
    this.#heard = heard;
    this.#begun = begun;
  }

  /** Listens to the next 20 ms. */
  listen(frame: Int16Array): void {
    this.#samples.set(frame, this.#filled);
    // Most of a call is silence: then no block is looked at.
    const quiet = energyOf(this.#samples, this.#filled, FRAME_SAMPLES) < SOFTEST_ENERGY;
    const allQuiet = quiet && this.#quiet;
    this.#quiet = quiet;
    this.#filled += FRAME_SAMPLES;
    let from = 0;
    for (; from + BLOCK <= this.#filled; from += HOP) this.#decide(allQuiet ? '' : this.#keyIn(from));
    this.#samples.copyWithin(0, from, this.#filled);
    this.#filled -= from;
  }

  /** Forgets what was heard so far, also a press that is under way. */
  reset(): void {
    this.#filled = 0;
    this.#quiet = false;
    this.#hit = this.#pressed = '';
    this.#hits = 0;
  }

  #decide(hit: string): void {
    this.#hits = hit === this.#hit ? this.#hits + 1 : 1;
    this.#hit = hit;
    if (this.#pressed) this.#hold(hit);
    if (!this.#pressed && hit && this.#hits >= HITS_TO_PRESS) {
      this.#pressed = hit;
      this.#misses = 0;
      this.#blocks = this.#hits;
      this.#over = false;
      this.#begun(hit);
    }
  }

  #hold(hit: string): void {
    this.#misses = hit === this.#pressed ? 0 : this.#misses + 1;
    this.#blocks++;
    const released = this.#misses >= MISSES_TO_RELEASE;
    if (!this.#over && (released || this.#blocks > LONGEST_BLOCKS)) this.#tell();
    if (released) this.#pressed = '';
  }

  #tell(): void {
    this.#over = true;
    const samples = (this.#blocks - this.#misses - 1) * HOP + BLOCK;
    this.#heard({ digit: this.#pressed, durationMs: Math.round((samples * 1000) / SAMPLE_RATE) });
  }

  /** The key whose tones fill the block, or nothing. */
  #keyIn(from: number): string {
    const energy = energyOf(this.#samples, from, BLOCK);
    if (energy < SOFTEST_ENERGY) return '';
    const row = loudest(ROWS, this.#rows, this.#samples, from);
    // In a voice the rows alone are mostly too soft for the rest of it: the columns need not be looked at.
    if (this.#rows[row]! * (1 + TWIST) < energy * PURITY) return '';
    const column = loudest(COLUMNS, this.#columns, this.#samples, from);
    const rowEnergy = this.#rows[row]!;
    const columnEnergy = this.#columns[column]!;
    const clear =
      rowEnergy >= SOFTEST &&
      columnEnergy >= SOFTEST &&
      columnEnergy <= rowEnergy * TWIST &&
      rowEnergy <= columnEnergy * REVERSE_TWIST &&
      rowEnergy + columnEnergy >= energy * PURITY &&
      standsOut(this.#rows, row) &&
      standsOut(this.#columns, column);
    return clear ? keyAt(row, column) : '';
  }
}

function energyOf(samples: Int16Array, from: number, length: number): number {
  let energy = 0;
  for (let i = from; i < from + length; i++) energy += samples[i]! ** 2;
  return energy;
}

/** Fills `energies`, one for each frequency. @returns which is the greatest. */
function loudest(
  frequencies: readonly number[],
  energies: Float64Array,
  samples: Int16Array,
  from: number,
): number {
  let best = 0;
  for (let n = 0; n < 4; n++) {
    energies[n] = goertzel(samples, from, BLOCK, frequencies[n]! / SAMPLE_RATE);
    if (energies[n]! > energies[best]!) best = n;
  }
  return best;
}

function standsOut(energies: Float64Array, best: number): boolean {
  for (let n = 0; n < 4; n++) {
    if (n !== best && energies[n]! * ABOVE_OTHERS > energies[best]!) return false;
  }
  return true;
}
