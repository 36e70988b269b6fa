import type { Leg } from '../calls/index.ts';
import type { Clock } from '../core/index.ts';

const MAX_KEYS = 32;
const MAX_AGE_MS = 10_000;

/** Gets keys as they are pressed. */
export interface KeyListener {
  press(digit: string): void;
  /** A key goes down, or is released. Its digit comes before the release. */
  hold(down: boolean): void;
}

/**
 * Buffers the caller's keys. Keys pressed while no gather is running count for the next gather: the first 32 of the
 * last 10 s. Keys that are meant for another party of the call are not buffered.
 */
export class TypeAhead {
  /** Whether a key is down. */
  held = false;
  #leg: Leg;
  #clock: Clock;
  #listener: KeyListener | undefined;
  #buffer: { digit: string; at: number }[] = [];
  #dropNext: string | undefined;
  #started = false;
  #stopListening: (() => void) | undefined;

  constructor(leg: Leg, clock: Clock) {
    this.#leg = leg;
    this.#clock = clock;
  }

  /** Starts to buffer keys, when the call is answered. */
  start(): void {
    this.#started = true;
    this.#leg.sound.held.on((down) => {
      this.held = down;
      this.#listener?.hold(down);
    });
    this.listen();
  }

  /** Buffers keys again, after `ignore`. */
  listen(): void {
    if (this.#started) this.#stopListening ??= this.#leg.sound.digits.on(({ digit }) => this.#press(digit));
  }

  /** Stops buffering keys, because they are meant for another party. The sound is not searched for keys any more. */
  ignore(): void {
    this.#stopListening?.();
    this.#stopListening = undefined;
    this.flush();
  }

  /** Delivers keys to the listener as they are pressed. @returns a function that stops it. */
  deliverTo(listener: KeyListener): () => void {
    this.#listener = listener;
    return () => {
      if (this.#listener === listener) this.#listener = undefined;
    };
  }

  /** Removes and returns the oldest buffered key. */
  next(): string | undefined {
    const oldest = this.#clock.monotonic() - MAX_AGE_MS;
    for (let key = this.#buffer.shift(); key; key = this.#buffer.shift())
      if (key.at >= oldest) return key.digit;
    return undefined;
  }

  flush(): void {
    this.#buffer = [];
    this.#dropNext = undefined;
  }

  /** Drops the next key if it is this one: the finish key of a gather that was complete without it. */
  drop(digit: string): void {
    this.#dropNext = digit;
    if (this.#buffer[0]?.digit !== digit) return;
    this.#buffer.shift();
    this.#dropNext = undefined;
  }

  #press(digit: string): void {
    const isDropped = digit === this.#dropNext;
    this.#dropNext = undefined;
    if (isDropped) return;
    if (this.#listener) this.#listener.press(digit);
    else this.#addToBuffer(digit);
  }

  #addToBuffer(digit: string): void {
    const at = this.#clock.monotonic();
    this.#buffer = this.#buffer.filter((key) => key.at >= at - MAX_AGE_MS);
    if (this.#buffer.length < MAX_KEYS) this.#buffer.push({ digit, at });
  }
}
