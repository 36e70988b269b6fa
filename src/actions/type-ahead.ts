import type { Leg } from '../calls/index.ts';
import type { Clock } from '../core/index.ts';

const MOST_KEYS = 32;
const OLDEST_MS = 10_000;

/** Who takes keys as they are pressed: a gather. */
export interface KeyTaker {
  press(digit: string): void;
  /** A key goes down, or is up; its digit comes before the latter. */
  held(down: boolean): void;
}

/**
 * The caller's keys. While no gather takes them, the first 32 are kept for 10 s for the next one: callers who know the
 * way type ahead. Keys that are for another party of the call are not kept.
 */
export class TypeAhead {
  /** Is a key down? */
  held = false;
  #leg: Leg;
  #clock: Clock;
  #taker: KeyTaker | undefined;
  #kept: { digit: string; at: number }[] = [];
  #unwanted: string | undefined;
  #started = false;
  #deafen: (() => void) | undefined;

  constructor(leg: Leg, clock: Clock) {
    this.#leg = leg;
    this.#clock = clock;
  }

  /** From now on keys count: the caller is answered. */
  start(): void {
    this.#started = true;
    this.#leg.sound.held.on((down) => {
      this.held = down;
      this.#taker?.held(down);
    });
    this.listen();
  }

  /** Keys are for the actions again. */
  listen(): void {
    if (this.#started) this.#deafen ??= this.#leg.sound.digits.on(({ digit }) => this.#press(digit));
  }

  /** Keys are for another party from now on: nothing is kept, and in the sound they are not listened for. */
  ignore(): void {
    this.#deafen?.();
    this.#deafen = undefined;
    this.flush();
  }

  /** Hands keys to the taker as they are pressed. @returns what ends that. */
  take(taker: KeyTaker): () => void {
    this.#taker = taker;
    return () => {
      if (this.#taker === taker) this.#taker = undefined;
    };
  }

  /** The oldest key that is kept. It is kept no longer. */
  next(): string | undefined {
    const oldest = this.#clock.monotonic() - OLDEST_MS;
    for (let key = this.#kept.shift(); key; key = this.#kept.shift()) if (key.at >= oldest) return key.digit;
    return undefined;
  }

  flush(): void {
    this.#kept = [];
    this.#unwanted = undefined;
  }

  /** Drops the next key if it is this one: it finishes a gather that was complete without. */
  drop(digit: string): void {
    this.#unwanted = digit;
    if (this.#kept[0]?.digit !== digit) return;
    this.#kept.shift();
    this.#unwanted = undefined;
  }

  #press(digit: string): void {
    const unwanted = digit === this.#unwanted;
    this.#unwanted = undefined;
    if (unwanted) return;
    if (this.#taker) this.#taker.press(digit);
    else this.#keep(digit);
  }

  #keep(digit: string): void {
    const at = this.#clock.monotonic();
    this.#kept = this.#kept.filter((key) => key.at >= at - OLDEST_MS);
    if (this.#kept.length < MOST_KEYS) this.#kept.push({ digit, at });
  }
}
