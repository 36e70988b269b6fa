import type { Digit } from '../audio.ts';
import { FRAME_MS } from '../frame.ts';

/** How a key press reaches us: as RFC 4733 packets, as a tone, or by SIP INFO. */
export type KeySource = 'events' | 'tones' | 'info';

/** Two sources bring the same press when their times are no further apart: INFO may be sent twice before it arrives. */
const APART_BEATS = 2000 / FRAME_MS;
/** Nobody presses more keys in that time. */
const REMEMBERED = 32;

interface Press {
  digit: string;
  source: KeySource;
  /** The beats of its beginning and its end. */
  from: number;
  to: number;
  /** Has another source brought it, too? Each may do so once. */
  matched: Set<KeySource>;
}

/** Told of what is pressed. */
export interface KeyListener {
  /** Once for each press, when it is over. */
  pressed(digit: Digit, source: KeySource): void;
  /** Whether a key is down. What it is follows when it is up again. */
  held(down: boolean): void;
}

/**
 * Joins the presses of all sources. Phones may be set to send a press by more than one of them at once: it counts
 * once, for whoever brings it first.
 */
export class KeyPresses {
  #listener: KeyListener;
  #beat = 0;
  /** Since which beat a source has a key down. */
  #down = new Map<KeySource, number>();
  #presses: Press[] = [];

  constructor(listener: KeyListener) {
    this.#listener = listener;
  }

  /** To be called once a beat. */
  beat(): void {
    this.#beat++;
  }

  /** A key goes down. */
  down(source: KeySource): void {
    const wasHeld = this.#down.size > 0;
    this.#down.set(source, this.#beat);
    if (!wasHeld) this.#listener.held(true);
  }

  /** A press is over; one that was never said to begin has lasted for as long as it says. */
  up(source: KeySource, digit: Digit): void {
    const from = this.#down.get(source) ?? this.#beat - digit.durationMs / FRAME_MS;
    if (!this.#isKnown(source, digit.digit, from)) {
      if (this.#presses.length === REMEMBERED) this.#presses.shift();
      this.#presses.push({ digit: digit.digit, source, from, to: this.#beat, matched: new Set() });
      this.#listener.pressed(digit, source);
    }
    this.release(source);
  }

  /** The source is listened to no longer: no press of it is under way. */
  release(source: KeySource): void {
    if (this.#down.delete(source) && this.#down.size === 0) this.#listener.held(false);
  }

  #isKnown(source: KeySource, digit: string, from: number): boolean {
    const known = this.#presses.find(
      (press) =>
        press.digit === digit &&
        press.source !== source &&
        !press.matched.has(source) &&
        press.to >= from - APART_BEATS &&
        press.from <= this.#beat + APART_BEATS,
    );
    known?.matched.add(source);
    return known !== undefined;
  }
}
