import { DigitTone, FRAME_MS, FRAME_SAMPLES } from '../../audio/index.ts';
import { Failure } from '../../core/index.ts';
import { TelephoneEventSender } from '../../rtp/index.ts';

const TONE_MS = 100;
const PAUSE_MS = 100;
const BEATS = (TONE_MS + PAUSE_MS) / FRAME_MS;

/** Digits of one `sendDigits`. */
interface Sending {
  resolve(): void;
  reject(error: unknown): void;
}

interface Key {
  digit: string;
  /** Undefined: no caller waits for it. */
  sending: Sending | undefined;
  isSecret: boolean;
}

/** Sends digits to the far end, one after the other, as RFC 4733 events or as tones. */
export class DigitsOut {
  /** Makes the packets of the digit while `beat` returns `event`. */
  readonly events = new TelephoneEventSender();
  /** The audio of the digit while `beat` returns `tone`; silence in the pause after it. */
  readonly frame = new Int16Array(FRAME_SAMPLES);
  #tone = new DigitTone();
  #keys: Key[] = [];
  /** The current digit, and the beats until the next. */
  #key: Key | undefined;
  #beatsLeft = 0;
  #isEvent = false;

  get idle(): boolean {
    return !this.#key && this.#keys.length === 0;
  }

  /** Whether taps must not have the current digit. */
  get isSecret(): boolean {
    return this.#key?.isSecret ?? false;
  }

  /** Sends digits after those that wait already. See `Sound.sendDigits`. */
  async send(digits: string, isSecret: boolean, signal?: AbortSignal): Promise<void> {
    if (!/^[0-9*#A-D]*$/.test(digits)) throw new Failure('invalid_request', `${digits} cannot be dialed`);
    if (digits.length === 0) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sending = { resolve, reject };
    for (const digit of digits) this.#keys.push({ digit, sending, isSecret });
    const abort = () => {
      this.#keys = this.#keys.filter((key) => key.sending !== sending);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    await promise.finally(() => signal?.removeEventListener('abort', abort));
  }

  /** Sends a digit without waiting for its end. */
  relay(digit: string, isSecret: boolean): void {
    this.#keys.push({ digit, sending: undefined, isSecret });
  }

  /** Rejects all that wait. */
  close(): void {
    const keys = this.#key ? [this.#key, ...this.#keys] : this.#keys;
    for (const { sending } of keys)
      sending?.reject(new Failure('audio_closed', 'the audio was closed before all digits were sent'));
    this.#keys = [];
  }

  /**
   * Call this once a beat.
   * @param asEvents how a digit that begins now is sent. @param timestamp the RTP timestamp of this beat.
   * @returns what replaces other audio in this beat.
   */
  beat(asEvents: boolean, timestamp: number): 'event' | 'tone' | null {
    if (this.#beatsLeft === 0 && !this.#begin(asEvents, timestamp)) return null;
    this.#beatsLeft--;
    if (this.#isEvent) return this.events.busy ? 'event' : null;
    this.#tone.next(this.frame);
    return 'tone';
  }

  /** Call this when the packet of the beat is on the wire. */
  sent(): void {
    if (this.#beatsLeft > 0 || !this.#key) return;
    const { sending } = this.#key;
    this.#key = undefined;
    if (this.#keys[0]?.sending !== sending) sending?.resolve();
  }

  #begin(asEvents: boolean, timestamp: number): boolean {
    this.#key = this.#keys.shift();
    if (!this.#key) return false;
    this.#beatsLeft = BEATS;
    this.#isEvent = asEvents;
    if (asEvents) this.events.press(this.#key.digit, TONE_MS, timestamp);
    else this.#tone.press(this.#key.digit, TONE_MS);
    return true;
  }
}
