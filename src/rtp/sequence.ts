import { type RtpHeader, sequenceAfter, sequenceDistance } from './packet.ts';

/** Classification of a packet by its sequence number. */
export type PacketOrder =
  /** The first packet of a stream, or of a new source or numbering. */
  | 'first'
  /** Newer than all packets before. */
  | 'newer'
  /** Older than the newest packet, and not seen yet. */
  | 'older'
  | 'duplicate'
  /** Belongs to another stream that no second packet has confirmed yet. A single stray packet changes nothing. */
  | 'stray';

/** Packets that may overtake each other; a power of two. */
const WINDOW = 64;
const SLOT = WINDOW - 1;
/** One minute. A larger step forward restarts the numbering and is not a loss (MAX_DROPOUT of RFC 3550 A.1). */
const MAX_DROPOUT = 3000;

/** Follows the sequence numbers of one stream through loss, reordering, wrap and restart. */
export class Sequence {
  /** Packets that were expected and have not arrived. */
  lost = 0;
  /** Packets missing directly before the newest. */
  gap = 0;
  #ssrc = -1;
  #newest = 0;
  /** Extended sequence number of the newest packet, which never wraps. */
  #count = 0;
  /** Extended sequence number of the first packet of this source; earlier packets were not expected. */
  #first = 0;
  #seen = new Int32Array(WINDOW);
  #suspectSsrc = -1;
  #suspectSequence = -1;

  /** @param trusting accept a new source at its first packet, as after a silence. */
  classify(header: RtpHeader, trusting: boolean): PacketOrder {
    const distance = sequenceDistance(header.sequence, this.#newest);
    if (header.ssrc !== this.#ssrc) return this.#doubt(header, trusting || this.#ssrc === -1);
    if (distance > MAX_DROPOUT || distance <= -WINDOW) return this.#doubt(header, false);
    this.#suspectSsrc = -1;
    const count = this.#count + distance;
    if (distance > 0) return this.#advance(header, count);
    if (this.#seen[count & SLOT] === count) return 'duplicate';
    this.#seen[count & SLOT] = count;
    if (count > this.#first) this.lost--;
    return 'older';
  }

  #advance(header: RtpHeader, count: number): PacketOrder {
    this.gap = count - this.#count - 1;
    this.lost += this.gap;
    this.#count = count;
    this.#newest = header.sequence;
    this.#seen[count & SLOT] = count;
    return 'newer';
  }

  #doubt(header: RtpHeader, trusting: boolean): PacketOrder {
    const confirmed = header.ssrc === this.#suspectSsrc && header.sequence === this.#suspectSequence;
    if (!trusting && !confirmed) {
      this.#suspectSsrc = header.ssrc;
      this.#suspectSequence = sequenceAfter(header.sequence);
      return 'stray';
    }
    this.#suspectSsrc = -1;
    this.gap = 0;
    this.#ssrc = header.ssrc;
    this.#newest = header.sequence;
    // Far from the old numbers, so that none of them counts as seen.
    this.#count += 2 * WINDOW;
    this.#first = this.#count;
    this.#seen[this.#count & SLOT] = this.#count;
    return 'first';
  }
}
