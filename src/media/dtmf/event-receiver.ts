import type { Digit } from '../audio.ts';
import { FRAME_MS, SAMPLE_RATE } from '../frame.ts';
import { type RtpHeader, timestampDistance } from '../rtp/packet.ts';
import { DIGITS } from './digits.ts';

/** An event whose packets have stopped for so long is over, though its end was never heard. */
const PATIENCE = 160 / FRAME_MS;
/** What is so much older than the newest event is not late, but of a sender that began anew. */
const OLD_SECONDS = 10;
/** RFC 4733 §2.5.1.3: an event that lasts longer than its field can say goes on in a new segment. */
const LONGEST = 0xffff;

/**
 * Makes key presses of RFC 4733 packets: each press is told exactly once, when it is over, whatever is lost,
 * repeated or overtaken. All packets of a press have one timestamp; that is what tells two presses apart.
 */
export class TelephoneEventReceiver {
  /** Steps of the timestamp in a second. */
  clockRate = SAMPLE_RATE;
  #heard: (digit: Digit) => void;
  #pressed = false;
  #event = 0;
  #ssrc = -1;
  /** Of the newest press, running or over. */
  #timestamp = 0;
  #duration = 0;
  /** Of the segments before this one. */
  #durationBefore = 0;
  #quietBeats = 0;

  /** @param heard called with each press when it is over. */
  constructor(heard: (digit: Digit) => void) {
    this.#heard = heard;
  }

  /** Takes a packet of the payload type that was agreed for events; `header` was read from `packet`. */
  receive(header: RtpHeader, packet: Buffer): void {
    const at = header.payloadOffset;
    const event = packet[at]!;
    if (header.payloadLength < 4 || event >= DIGITS.length) return;
    if (this.#isNew(header, event)) this.#press(header, event);
    else if (!this.#pressed || header.timestamp !== this.#timestamp) return;
    this.#duration = Math.max(this.#duration, packet.readUInt16BE(at + 2));
    this.#quietBeats = 0;
    if (packet[at + 1]! & 0x80) this.#release();
  }

  /** To be called once a beat. */
  beat(): void {
    if (this.#pressed && ++this.#quietBeats > PATIENCE) this.#release();
  }

  #isNew(header: RtpHeader, event: number): boolean {
    if (header.ssrc !== this.#ssrc) return true;
    const later = timestampDistance(header.timestamp, this.#timestamp);
    if (later === LONGEST && this.#pressed && event === this.#event) {
      this.#timestamp = header.timestamp;
      this.#durationBefore += LONGEST;
      this.#duration = 0;
      return false;
    }
    return later > 0 || later < -OLD_SECONDS * this.clockRate;
  }

  #press(header: RtpHeader, event: number): void {
    if (this.#pressed) this.#release();
    this.#pressed = true;
    this.#event = event;
    this.#ssrc = header.ssrc;
    this.#timestamp = header.timestamp;
    this.#duration = 0;
    this.#durationBefore = 0;
  }

  #release(): void {
    this.#pressed = false;
    const steps = this.#durationBefore + this.#duration;
    this.#heard({ digit: DIGITS[this.#event]!, durationMs: Math.round((steps * 1000) / this.clockRate) });
  }
}
