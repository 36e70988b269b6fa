import { DIGITS, FRAME_MS, SAMPLE_RATE } from '../audio/index.ts';
import type { RtpHeader } from './packet.ts';

/** Octets of the payload of an event. */
export const EVENT_PAYLOAD = 4;
/** The last packet is sent three times (RFC 4733 §2.5.1.4). */
const ENDS = 3;
/** −10 dBm0 in the units of RFC 4733 §2.3.4. */
const VOLUME = 10;

/** Sends key presses as RFC 4733 packets, one packet per beat. */
export class TelephoneEventSender {
  /** Timestamp units per second: 8,000 or 48,000. A press at 48,000 must not exceed 1.3 s. */
  clockRate = SAMPLE_RATE;
  #event = 0;
  #timestamp = 0;
  #total = 0;
  #duration = 0;
  #ends = ENDS;

  get #step(): number {
    return (this.clockRate * FRAME_MS) / 1000;
  }

  /** Whether packets of a press are still to be sent. */
  get busy(): boolean {
    return this.#ends < ENDS;
  }

  /**
   * Starts a press with the next beat.
   * @param digit one of `0-9 * # A-D`. @param durationMs 20–8000, rounded up to whole beats.
   * @param timestamp RTP timestamp of its first sample, which all its packets carry.
   */
  press(digit: string, durationMs: number, timestamp: number): void {
    const frames = Math.ceil(Math.min(durationMs, 8000) / FRAME_MS);
    this.#event = DIGITS.indexOf(digit);
    this.#timestamp = timestamp;
    this.#total = Math.max(1, frames) * this.#step;
    this.#duration = 0;
    this.#ends = 0;
  }

  /**
   * Writes the payload of this beat at `offset`, and sets marker and timestamp of `header`.
   * @returns whether there is a packet to send.
   */
  next(header: RtpHeader, packet: Buffer, offset: number): boolean {
    if (!this.busy) return false;
    header.marker = this.#duration === 0;
    header.timestamp = this.#timestamp;
    this.#duration = Math.min(this.#total, this.#duration + this.#step);
    const end = this.#duration === this.#total;
    if (end) this.#ends++;
    packet[offset] = this.#event;
    packet[offset + 1] = (end ? 0x80 : 0) | VOLUME;
    packet.writeUInt16BE(this.#duration, offset + 2);
    return true;
  }
}
