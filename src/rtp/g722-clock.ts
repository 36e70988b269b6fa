import { type RtpHeader, sequenceDistance, timestampDistance } from './packet.ts';

/** Packets in a row that tell which clock the far end uses. */
const CONVINCING = 5;

/**
 * The clock of a G.722 stream. RFC 3551 §4.5.2 has it run at 8 kHz for historical reasons; some senders, such as those that
 * write G722/16000, count all 16,000 samples a second.
 */
export class G722Clock {
  /** Steps of the timestamp for each sample of 8 kHz: 1, or 2 where the sender counts 16 kHz. */
  ticks: 1 | 2 = 1;
  #sequence = 0;
  #timestamp = 0;
  #votes = 0;

  /** Looks at a packet; its payload has 8 octets for each millisecond. */
  observe({ sequence, timestamp, payloadLength }: RtpHeader): void {
    const step = timestampDistance(timestamp, this.#timestamp);
    const follows = sequenceDistance(sequence, this.#sequence) === 1 && payloadLength > 0;
    this.#sequence = sequence;
    this.#timestamp = timestamp;
    if (!follows) return;
    if (step === 2 * payloadLength) this.#votes = Math.min(CONVINCING, this.#votes + 1);
    else if (step === payloadLength) this.#votes = Math.max(0, this.#votes - 1);
    if (this.#votes === CONVINCING) this.ticks = 2;
    if (this.#votes === 0) this.ticks = 1;
  }
}
