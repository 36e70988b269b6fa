import type { Mix } from '../../audio/index.ts';
import { FRAME_SAMPLES } from '../../audio/index.ts';

// Shared memory, in 32-bit words: the count of frames told, then as many slots as fit between a writer and a
// reader that is asleep. A slot: voices in the sum, the sum; the same of what may be kept.
const SLOTS = 8;
const SUM = 1 + FRAME_SAMPLES;
const SLOT = 2 * SUM;
/** Octets that one thread takes to tell of one room. */
export const ROOM_LINK_BYTES = 4 * (1 + SLOTS * SLOT);

/** Tells other threads the sum of what the members on this one say, a frame a beat. */
export class RoomTeller {
  #words: Int32Array;
  #told: number;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#told = this.#words[0]!;
  }

  tell(said: Mix, kept: Mix): void {
    const at = 1 + (this.#told % SLOTS) * SLOT;
    this.#write(at, said);
    this.#write(at + SUM, kept);
    Atomics.store(this.#words, 0, ++this.#told);
  }

  #write(at: number, mix: Mix): void {
    this.#words[at] = mix.voices;
    if (mix.voices > 0) this.#words.set(mix.sum, at + 1);
  }
}

/** Hears what another thread tells, one frame behind, since nobody knows whose beat comes first. */
export class RoomHearer {
  #words: Int32Array;
  /** The next frame to hear. */
  #next: number;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#next = Atomics.load(this.#words, 0);
  }

  /** Adds the next frame, where there is one. */
  hear(said: Mix, kept: Mix): void {
    const told = Atomics.load(this.#words, 0);
    // The two beats may drift past each other, and one may have slept: what is older than three frames is let go.
    if (told - this.#next > 3) this.#next = told - 1;
    if (this.#next >= told) return;
    const at = 1 + (this.#next++ % SLOTS) * SLOT;
    this.#read(at, said);
    this.#read(at + SUM, kept);
  }

  #read(at: number, mix: Mix): void {
    if (this.#words[at]! > 0) mix.add(this.#words.subarray(at + 1, at + SUM));
  }
}
