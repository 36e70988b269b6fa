import { type RtpHeader, sequenceAfter, sequenceDistance } from './packet.ts';

/** What a packet is to the stream, judged by its number. */
export type Standing =
  /** The first of a stream: of the very first one, or of a new source or numbering. */
  | 'first'
  /** Newer than all before. */
  | 'newer'
  /** Older than the newest, and not seen yet. */
  | 'older'
  | 'duplicate'
  /** Of another stream, until a second packet confirms it: whoever sends one stray packet changes nothing. */
  | 'stray';

const WINDOW = 64;
/** RFC 3550 A.1 MAX_DROPOUT: a greater step forward is a new numbering, not a loss. One minute. */
const FARTHEST_AHEAD = 3000;

/** Follows the sequence numbers of one stream through loss, reordering, wrap and restart. */
export class Sequence {
  /** Packets that were expected and have not come. */
  lost = 0;
  /** Packets that are missing right before the newest. */
  gap = 0;
  #ssrc = -1;
  #newest = 0;
  /** The newest packet by a count that never wraps. */
  #count = 0;
  /** The count at which this source began: nobody waited for what was sent before. */
  #first = 0;
  #seen = new Float64Array(WINDOW);
  #suspectSsrc = -1;
  #suspectSequence = -1;

  /** @param trusting take a new source at its first packet, as when nothing has been heard for a while. */
  judge(header: RtpHeader, trusting: boolean): Standing {
    const distance = sequenceDistance(header.sequence, this.#newest);
    if (header.ssrc !== this.#ssrc) return this.#doubt(header, trusting || this.#ssrc === -1);
    if (distance > FARTHEST_AHEAD || distance <= -WINDOW) return this.#doubt(header, false);
    this.#suspectSsrc = -1;
    const count = this.#count + distance;
    if (distance > 0) return this.#advance(header, count);
    if (this.#seen[count % WINDOW] === count) return 'duplicate';
    this.#seen[count % WINDOW] = count;
    if (count > this.#first) this.lost--;
    return 'older';
  }

  #advance(header: RtpHeader, count: number): Standing {
    this.gap = count - this.#count - 1;
    this.lost += this.gap;
    this.#count = count;
    this.#newest = header.sequence;
    this.#seen[count % WINDOW] = count;
    return 'newer';
  }

  #doubt(header: RtpHeader, trusting: boolean): Standing {
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
    // Far from what was counted before, so that nothing old is taken for seen.
    this.#count += 2 * WINDOW;
    this.#first = this.#count;
    this.#seen[this.#count % WINDOW] = this.#count;
    return 'first';
  }
}
