import type { Digit } from '../../audio/index.ts';
import { FRAME_MS, ToneDetector } from '../../audio/index.ts';
import type { RtpHeader } from '../../rtp/index.ts';
import { TelephoneEventReceiver } from '../../rtp/index.ts';
import type { AudioAgreement } from '../agreement.ts';

/** How a key press arrives: as RFC 4733 packets, as a tone, or by SIP INFO. */
export type KeySource = 'events' | 'tones' | 'info';

/** Receives key presses. */
export interface KeyListener {
  /** Called once for each press, when it ends. */
  pressed(digit: Digit, source: KeySource): void;
  /** Called when a key goes down, and when it is up, after its digit. */
  held(isDown: boolean): void;
}

/** Detects the keys that the far end presses, from all sources. */
export class DigitsIn {
  #presses: KeyPresses;
  #events = new TelephoneEventReceiver(
    (digit) => this.#presses.up('events', digit),
    (digit) => this.#presses.down('events', digit),
  );
  #tones = new ToneDetector(
    (digit) => this.#presses.up('tones', digit),
    (digit) => this.#presses.down('tones', digit),
  );
  #isWanted = false;
  #isInBand = false;

  constructor(listener: KeyListener) {
    this.#presses = new KeyPresses(listener);
  }

  /** Starts or stops the search for tones. It costs CPU time: it runs only while somebody listens for digits. */
  listen(isWanted: boolean): void {
    this.#isWanted = isWanted;
    if (!isWanted) this.#stopTones();
  }

  /** Tones count only where events were not agreed on, since some gateways send both. */
  agree({ telephoneEvent }: AudioAgreement): void {
    this.#isInBand = telephoneEvent === null;
    if (!this.#isInBand) this.#stopTones();
  }

  /** Takes an RFC 4733 packet. */
  packet(header: RtpHeader, bytes: Buffer, clockRate: number): void {
    this.#events.clockRate = clockRate;
    this.#events.receive(header, bytes);
  }

  /** Takes a press that arrived by signaling. */
  signaled(digit: Digit): void {
    this.#presses.up('info', digit);
  }

  /** Call this once a beat. @param frame the frame of the far end. */
  beat(frame: Int16Array): void {
    this.#presses.beat();
    this.#events.beat();
    if (this.#isInBand && this.#isWanted) this.#tones.listen(frame);
  }

  #stopTones(): void {
    this.#tones.reset();
    this.#presses.release('tones');
  }
}

/** Presses of two sources are the same one when no further apart than this: INFO may need to be retransmitted. */
const MAX_APART_BEATS = 2000 / FRAME_MS;
/** Presses to compare with: more than a person enters in that time. */
const MAX_REMEMBERED = 32;

interface Press {
  digit: string;
  source: KeySource;
  /** The beats of its beginning and its end. */
  from: number;
  to: number;
  /** Other sources that have reported this press. Each may do so once. */
  matched: Set<KeySource>;
}

/** A key that is down at a source. */
interface Down {
  digit: string;
  since: number;
  /** Another source has reported the press already. */
  isKnown: boolean;
}

/** Joins the presses of all sources. A phone may send a press by several of them: the first one counts. */
export class KeyPresses {
  #listener: KeyListener;
  #beat = 0;
  #down = new Map<KeySource, Down>();
  #isHeld = false;
  #presses: Press[] = [];

  constructor(listener: KeyListener) {
    this.#listener = listener;
  }

  /** Call this once a beat. */
  beat(): void {
    this.#beat++;
  }

  /** A key goes down. */
  down(source: KeySource, digit: string): void {
    const isKnown = this.#find(source, digit, this.#beat) !== undefined;
    this.#down.set(source, { digit, since: this.#beat, isKnown });
    this.#reportHeld();
  }

  /** A press ends. If its beginning was not reported, it began its duration ago. */
  up(source: KeySource, digit: Digit): void {
    const since = this.#down.get(source)?.since ?? this.#beat - digit.durationMs / FRAME_MS;
    const known = this.#find(source, digit.digit, since);
    if (known) known.matched.add(source);
    else this.#add(source, digit, since);
    this.release(source);
  }

  /** The source stops: none of its keys is down. */
  release(source: KeySource): void {
    this.#down.delete(source);
    this.#reportHeld();
  }

  #add(source: KeySource, digit: Digit, from: number): void {
    if (this.#presses.length === MAX_REMEMBERED) this.#presses.shift();
    this.#presses.push({ digit: digit.digit, source, from, to: this.#beat, matched: new Set() });
    this.#listener.pressed(digit, source);
    for (const down of this.#down.values()) if (down.digit === digit.digit) down.isKnown = true;
  }

  /** The same press from another source. */
  #find(source: KeySource, digit: string, since: number): Press | undefined {
    return this.#presses.find(
      (press) =>
        press.digit === digit &&
        press.source !== source &&
        !press.matched.has(source) &&
        press.to >= since - MAX_APART_BEATS &&
        press.from <= this.#beat + MAX_APART_BEATS,
    );
  }

  #reportHeld(): void {
    const isHeld = [...this.#down.values()].some(({ isKnown }) => !isKnown);
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    this.#listener.held(isHeld);
  }
}
