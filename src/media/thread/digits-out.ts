import { DigitTone, FRAME_MS, FRAME_SAMPLES } from '../../audio/index.ts';
import { TelephoneEventSender } from '../../rtp/index.ts';

const TONE_MS = 100;
const GAP_MS = 100;
const BEATS = (TONE_MS + GAP_MS) / FRAME_MS;

interface Key {
  digit: string;
  sending: number;
  secret: boolean;
}

/** Keys that we press, one after the other, as events or as tones. */
export class DigitsOut {
  /** The key's packets, while `beat` says `event`. */
  readonly events = new TelephoneEventSender();
  /** The key's sound, while `beat` says `tone`; silence in the pause behind it. */
  readonly frame = new Int16Array(FRAME_SAMPLES);
  #tone = new DigitTone();
  #keys: Key[] = [];
  /** The key under way, and the beats until the next. */
  #key: Key | undefined;
  #left = 0;
  #asEvent = false;
  #sent: (sending: number) => void;

  /** @param sent is told when the last key of a sending is out. */
  constructor(sent: (sending: number) => void) {
    this.#sent = sent;
  }

  get idle(): boolean {
    return !this.#key && this.#keys.length === 0;
  }

  /** Whether taps must not have the key under way. */
  get secret(): boolean {
    return this.#key?.secret ?? false;
  }

  /** Presses each of the digits when those before are out. */
  press(digits: string, sending: number, secret: boolean): void {
    for (const digit of digits) this.#keys.push({ digit, sending, secret });
    if (digits.length === 0) this.#sent(sending);
  }

  /** Forgets the keys of this sending, but for one that is under way. */
  stop(sending: number): void {
    this.#keys = this.#keys.filter((key) => key.sending !== sending);
  }

  /**
   * Once a beat. @param asEvents how a key that begins now is sent. @param timestamp of this beat.
   * @returns what goes out in place of other sound.
   */
  beat(asEvents: boolean, timestamp: number): 'event' | 'tone' | null {
    if (this.#left === 0 && !this.#begin(asEvents, timestamp)) return null;
    this.#left--;
    if (this.#asEvent) return this.events.busy ? 'event' : null;
    this.#tone.next(this.frame);
    return 'tone';
  }

  /** To be called when the beat's packet is on the wire. */
  sent(): void {
    if (this.#left > 0 || !this.#key) return;
    const { sending } = this.#key;
    this.#key = undefined;
    if (this.#keys[0]?.sending !== sending) this.#sent(sending);
  }

  #begin(asEvents: boolean, timestamp: number): boolean {
    this.#key = this.#keys.shift();
    if (!this.#key) return false;
    this.#left = BEATS;
    this.#asEvent = asEvents;
    if (asEvents) this.events.press(this.#key.digit, TONE_MS, timestamp);
    else this.#tone.press(this.#key.digit, TONE_MS);
    return true;
  }
}
