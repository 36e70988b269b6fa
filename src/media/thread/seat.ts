import { FRAME_SAMPLES } from '../frame.ts';

/** A party's place in a room: each beat what it says is put here, and what it hears is found here. */
export class Seat {
  /** The frame that it says; null for silence. */
  said: Int16Array | null = null;
  /** The same, or null where the others' taps must not have it. */
  saidKept: Int16Array | null = null;
  /** Whether it wants to hear the others. */
  listens = true;
  /** What the others say, or null for silence; only until the next beat, and not to be changed. */
  heard: Int16Array | null = null;
  /** What of it may be in taps and streams. */
  heardKept: Int16Array | null = null;
  /** Only for the use of the room. */
  readonly mixed = new Int16Array(FRAME_SAMPLES);
  readonly mixedKept = new Int16Array(FRAME_SAMPLES);
  /** The other of two has pressed a key. */
  readonly press: (digit: string, secret: boolean) => void;

  constructor(press: (digit: string, secret: boolean) => void) {
    this.press = press;
  }
}
