import { type RtpHeader, sequenceDistance, timestampDistance } from './packet.ts';

/** Consecutive packets that decide which clock the far end uses. */
const NEEDED_VOTES = 5;

/**
 * Detects the RTP clock of a G.722 stream. The standard clock is 8 kHz (RFC 3551 §4.5.2); some senders, such as those that
 * write G722/16000, count 16,000 samples per second.
 */
export class G722Clock {
  /** Timestamp units per 8 kHz sample: 1, or 2 if the sender counts at 16 kHz. */
  ticks: 1 | 2 = 1;
  #sequence = 0;
  #timestamp = 0;
  #votes = 0;

  /** Examines a packet; its payload has 8 octets per millisecond. */
  observe({ sequence, timestamp, payloadLength }: RtpHeader): void {
    const step = timestampDistance(timestamp, this.#timestamp);
    const follows = sequenceDistance(sequence, this.#sequence) === 1 && payloadLength > 0;
    this.#sequence = sequence;
    this.#timestamp = timestamp;
    if (!follows) return;
    if (step === 2 * payloadLength) this.#votes = Math.min(NEEDED_VOTES, this.#votes + 1);
    else if (step === payloadLength) this.#votes = Math.max(0, this.#votes - 1);
    if (this.#votes === NEEDED_VOTES) this.ticks = 2;
    if (this.#votes === 0) this.ticks = 1;
  }
}
