import type { AudioStream } from '../calls/index.ts';
import { type Clock, detach } from '../core/index.ts';

/** The server may be so far ahead of what the caller hears. */
export const AHEAD_MS = 60_000;
const MARKS = 256;
const BYTES_PER_MS = 8;

/**
 * What the server sends for the caller to hear. What comes when a minute is queued already is not taken: the
 * caller hears what was begun without a hole, and loses the end.
 */
export class Playback {
  #sound: AudioStream;
  #clock: Clock;
  /** When, on the monotonic clock, the last of the queue will have been heard. */
  #until = 0;
  #marks = 0;

  constructor(sound: AudioStream, clock: Clock) {
    this.#sound = sound;
    this.#clock = clock;
  }

  /** @returns whether it was taken. */
  play(payload: Uint8Array): boolean {
    const now = this.#clock.monotonic();
    const until = Math.max(now, this.#until) + payload.length / BYTES_PER_MS;
    if (until - now > AHEAD_MS) return false;
    this.#until = until;
    if (payload.length > 0) this.#sound.play(payload);
    return true;
  }

  /** Calls back when all that was taken so far has been heard or dropped. @returns whether the mark was taken. */
  mark(reached: () => void): boolean {
    if (this.#marks >= MARKS) return false;
    this.#marks++;
    detach(
      'streams.playback',
      this.#sound.drained().then(() => {
        this.#marks--;
        reached();
      }),
    );
    return true;
  }

  clear(): void {
    this.#until = 0;
    this.#sound.clear();
  }
}
