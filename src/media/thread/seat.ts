import { FRAME_SAMPLES } from '../../audio/index.ts';
import type { RtpHeader } from '../../rtp/index.ts';

/** What the other of two brings besides frames. */
export interface FromPartner {
  /** It has pressed a key. @param secret taps must not have it. */
  key(digit: string, secret: boolean): void;
  /** A packet of its sound; `header` was read from `bytes`. */
  packet(header: RtpHeader, bytes: Buffer, beat: number): void;
}

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
  /** The codec whose packets may go to and fro as they are; null where anything is to be heard of them here. */
  passes: string | null = null;
  /** Only for the use of the room. */
  readonly mixed = new Int16Array(FRAME_SAMPLES);
  readonly mixedKept = new Int16Array(FRAME_SAMPLES);
  /** What the other of two may bring besides frames. */
  readonly bring: FromPartner;

  constructor(bring: FromPartner) {
    this.bring = bring;
  }
}
