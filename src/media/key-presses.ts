import type { Digit } from '../audio/index.ts';
import { FRAME_MS } from '../audio/index.ts';

/** How a key press reaches us: as RFC 4733 packets, as a tone, or by SIP INFO. */
export type KeySource = 'events' | 'tones' | 'info';

/** Two sources bring the same press when their times are no further apart: INFO may be sent twice before it arrives. */
const APART_BEATS = 2000 / FRAME_MS;
/** Presses to compare with: more than a person enters in that time. */
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

/** Receives the key presses. */
export interface KeyListener {
  /** Once for each press, when it is over. */
  pressed(digit: Digit, source: KeySource): void;
  /** Whether a key is down. What it is follows when it is up again. */
  held(down: boolean): void;
}

/** A key that a source has down. */
interface Down {
  digit: string;
  since: number;
  /** Another source has brought the press already: nobody waits for it. */
  isKnown: boolean;
}

/**
 * Joins the presses of all sources. Phones may be set to send a press by more than one of them at once: it counts
 * once, from the source that brings it first.
 */
export class KeyPresses {
  #listener: KeyListener;
  #beat = 0;
  #down = new Map<KeySource, Down>();
  #held = false;
  #presses: Press[] = [];

  constructor(listener: KeyListener) {
    this.#listener = listener;
  }

  /** To be called once a beat. */
  beat(): void {
    this.#beat++;
  }

  /** A key goes down. */
  down(source: KeySource, digit: string): void {
    const isKnown = this.#known(source, digit, this.#beat) !== undefined;
    this.#down.set(source, { digit, since: this.#beat, isKnown });
    this.#tellHeld();
  }

  /** A press is over; one that was never said to begin has lasted for as long as it says. */
  up(source: KeySource, digit: Digit): void {
    const since = this.#down.get(source)?.since ?? this.#beat - digit.durationMs / FRAME_MS;
    const known = this.#known(source, digit.digit, since);
    if (known) known.matched.add(source);
    else this.#add(source, digit, since);
    this.release(source);
  }

  /** The source is listened to no longer: no press of it is under way. */
  release(source: KeySource): void {
    this.#down.delete(source);
    this.#tellHeld();
  }

  #add(source: KeySource, digit: Digit, from: number): void {
    if (this.#presses.length === REMEMBERED) this.#presses.shift();
    this.#presses.push({ digit: digit.digit, source, from, to: this.#beat, matched: new Set() });
    this.#listener.pressed(digit, source);
    for (const down of this.#down.values()) if (down.digit === digit.digit) down.isKnown = true;
  }

  #known(source: KeySource, digit: string, since: number): Press | undefined {
    return this.#presses.find(
      (press) =>
        press.digit === digit &&
        press.source !== source &&
        !press.matched.has(source) &&
        press.to >= since - APART_BEATS &&
        press.from <= this.#beat + APART_BEATS,
    );
  }

  #tellHeld(): void {
    const held = [...this.#down.values()].some(({ isKnown }) => !isKnown);
    if (held === this.#held) return;
    this.#held = held;
    this.#listener.held(held);
  }
}
