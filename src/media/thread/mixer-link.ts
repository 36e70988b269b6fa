import type { Mix } from '../../audio/index.ts';
import { FRAME_SAMPLES } from '../../audio/index.ts';

// Shared memory in 32-bit words: the count of frames written, then a ring of slots, long enough for a reader that
// is asleep. A slot holds the number of voices in the sum, the sum, and the same for what taps may have.
const SLOTS = 8;
const SUM = 1 + FRAME_SAMPLES;
const SLOT = 2 * SUM;
/** A reader this many frames behind skips to the newest. */
const MAX_BEHIND = 3;
/** Octets in which one thread writes the sum of one mixer. */
export const MIXER_LINK_BYTES = 4 * (1 + SLOTS * SLOT);

/** Writes the sum of a mixer's inputs on this thread for other threads, one frame a beat. */
export class MixerLinkWriter {
  #words: Int32Array;
  #count: number;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#count = this.#words[0]!;
  }

  write(said: Mix, recorded: Mix): void {
    const at = 1 + (this.#count % SLOTS) * SLOT;
    this.#write(at, said);
    this.#write(at + SUM, recorded);
    Atomics.store(this.#words, 0, ++this.#count);
  }

  #write(at: number, mix: Mix): void {
    this.#words[at] = mix.voices;
    if (mix.voices > 0) this.#words.set(mix.sum, at + 1);
  }
}

/** Reads the sums of another thread, one frame behind: the beats of two threads have no fixed order. */
export class MixerLinkReader {
  #words: Int32Array;
  #next: number;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#next = Atomics.load(this.#words, 0);
  }

  /** Adds the next frame, if there is one. */
  read(said: Mix, recorded: Mix): void {
    const count = Atomics.load(this.#words, 0);
    // The beats of two threads drift apart, and a thread may have slept.
    if (count - this.#next > MAX_BEHIND) this.#next = count - 1;
    if (this.#next >= count) return;
    const at = 1 + (this.#next++ % SLOTS) * SLOT;
    this.#read(at, said);
    this.#read(at + SUM, recorded);
  }

  #read(at: number, mix: Mix): void {
    if (this.#words[at]! > 0) mix.add(this.#words.subarray(at + 1, at + SUM));
  }
}
