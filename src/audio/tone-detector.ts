import { COLUMNS, type Digit, keyAt, ROWS } from './dtmf.ts';
import { FRAME_SAMPLES, SAMPLE_RATE } from './frame.ts';
import { goertzel } from './goertzel.ts';

/** Samples per analysis block: 12.75 ms, long enough to separate neighboring rows. */
const BLOCK = 102;
/** Blocks overlap by half, so that a tone of 40 ms fills four of them wherever it starts. */
const HOP = 51;
const HITS_TO_PRESS = 4;
/**
 * Samples before a block that are kept. While no key is in sight, only every fourth block is analyzed, because every
 * four hits in a row contain one of those. When it is a hit, the three blocks before it are analyzed, too.
 */
const KEPT = (HITS_TO_PRESS - 1) * HOP;
/** A break of 10 ms does not end a press, one of 40 ms does (ITU-T Q.24). They spoil four and seven blocks. */
const MISSES_TO_RELEASE = 5;

/** A press longer than 30 s is over: something else makes the tone, or a key is stuck. */
const LONGEST_BLOCKS = (30 * SAMPLE_RATE) / HOP;

/** Energy of the softest tone: a sine with its peak at 350, −36 dBm0. */
const SOFTEST = (350 * BLOCK) ** 2 / 4;
/** Energy of a block that contains only the softest tone. A block with less has no key. */
const SOFTEST_ENERGY = SOFTEST / (BLOCK / 2);
/** A column may be louder than a row by 8 dB, a row louder than a column by 4 dB. */
const TWIST = 10 ** (8 / 10);
const REVERSE_TWIST = 10 ** (4 / 10);
/** The loudest of each four frequencies is louder than the others by 8 dB. */
const ABOVE_OTHERS = 10 ** (8 / 10);
/** The two tones make up the energy of a block to within 1.3 dB; a voice does not. An offset of 1.5 % costs 1 dB. */
const PURITY = 10 ** (-1.3 / 10) * (BLOCK / 2);

/** Detects DTMF key presses in a stream of sound. Reports each press exactly once, when it is over. */
export class ToneDetector {
  #onDigit: (digit: Digit) => void;
  #onPress: (digit: string) => void;
  #samples = new Int16Array(KEPT + BLOCK + FRAME_SAMPLES);
  #filled = KEPT;
  /** Blocks until the next one that is analyzed in any case. */
  #untilProbe = 0;
  #rows = new Float64Array(4);
  #columns = new Float64Array(4);
  /** The key in the last block, and how many blocks in a row had it. */
  #hit = '';
  #hits = 0;
  /** The pressed key, or nothing; `over` once the press was reported. */
  #pressed = '';
  #over = false;
  #misses = 0;
  /** Blocks since the press began. */
  #blocks = 0;

  /** @param onDigit called with each press when it is over. @param onPress called when a press begins. */
  constructor(onDigit: (digit: Digit) => void, onPress: (digit: string) => void = () => {}) {
    this.#onDigit = onDigit;
    this.#onPress = onPress;
  }

  /** Analyzes the next 20 ms. */
  listen(frame: Int16Array): void {
    this.#samples.set(frame, this.#filled);
    this.#filled += FRAME_SAMPLES;
    let from = KEPT;
    for (; from + BLOCK <= this.#filled; from += HOP) this.#analyze(from);
    this.#samples.copyWithin(0, from - KEPT, this.#filled);
    this.#filled -= from - KEPT;
  }

  /** Forgets the sound so far, including a press that has not ended. */
  reset(): void {
    this.#samples.fill(0);
    this.#filled = KEPT;
    this.#untilProbe = 0;
    this.#hit = this.#pressed = '';
    this.#hits = 0;
  }

  #analyze(from: number): void {
    const isProbe = this.#untilProbe === 0;
    this.#untilProbe = isProbe ? HITS_TO_PRESS - 1 : this.#untilProbe - 1;
    if (this.#hit || this.#pressed) this.#decide(this.#keyIn(from));
    else if (isProbe) this.#search(from);
  }

  /** Looks for a key that is new, in a block and in those before it that were not analyzed. */
  #search(from: number): void {
    const hit = this.#keyIn(from);
    if (!hit) return;
    this.#hit = hit;
    this.#hits = this.#hitsBefore(from, hit);
    this.#decide(hit);
  }

  /** How many blocks directly before this one have the same key; at most three. */
  #hitsBefore(from: number, hit: string): number {
    let hits = 0;
    while (hits < HITS_TO_PRESS - 1 && this.#keyIn(from - (hits + 1) * HOP) === hit) hits++;
    return hits;
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
      this.#onPress(hit);
    }
  }

  #hold(hit: string): void {
    this.#misses = hit === this.#pressed ? 0 : this.#misses + 1;
    this.#blocks++;
    const released = this.#misses >= MISSES_TO_RELEASE;
    if (!this.#over && (released || this.#blocks > LONGEST_BLOCKS)) this.#report();
    if (released) this.#pressed = '';
  }

  #report(): void {
    this.#over = true;
    const samples = (this.#blocks - this.#misses - 1) * HOP + BLOCK;
    this.#onDigit({ digit: this.#pressed, durationMs: Math.round((samples * 1000) / SAMPLE_RATE) });
  }

  /** The key whose tones fill the block, or an empty string. */
  #keyIn(from: number): string {
    const energy = energyOf(this.#samples, from, BLOCK);
    if (energy < SOFTEST_ENERGY) return '';
    const row = loudest(ROWS, this.#rows, this.#samples, from);
    // In a voice the rows are mostly too soft for the rest: then the columns need no analysis.
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

/** Fills `energies`, one for each frequency. @returns the index of the greatest. */
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
