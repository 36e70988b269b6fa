import { SAMPLE_RATE } from '../audio/index.ts';
import { type RtpHeader, sequenceDistance } from './packet.ts';

/** One reception report block of RTCP (RFC 3550 §6.4.1). */
export interface ReportBlock {
  /** The source that the report is about. */
  ssrc: number;
  /** Fraction of packets lost since the last report, in 256ths. */
  fractionLost: number;
  /** Packets lost since the start of the stream; negative with duplicates. */
  cumulativeLost: number;
  /** The highest sequence number, with the number of wraps above bit 16. */
  highestSequence: number;
  /** In timestamp units. */
  jitter: number;
  /** Middle 32 bits of the NTP time of the last sender report, or 0. */
  lastSenderReport: number;
  /** Delay since the last sender report, in 65536ths of a second. */
  sinceSenderReport: number;
}

/** A jump of more than a minute is a restart of the numbering, not a loss (RFC 3550 A.1). */
const MAX_JUMP = 3000;

/** Statistics of a received stream: loss, jitter, and report blocks (RFC 3550 appendix A). */
export class ReceiverStats {
  received = 0;
  /** Timestamp units per second. */
  clockRate = SAMPLE_RATE;
  ssrc = -1;
  #base = 0;
  #highest = 0;
  #cycles = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #jitter = 0;
  #transit = 0;
  #transitKnown = false;
  #senderReport = 0;
  #senderReportAt = 0;

  /**
   * Counts an accepted packet of any payload. A new source or numbering resets the statistics.
   * @param arrivalMs monotonic arrival time. @param paced whether the timestamp is the sending time; the packets of an
   * event (RFC 4733) all carry the timestamp of its start.
   */
  packet(header: RtpHeader, arrivalMs: number, paced = true): void {
    const ahead = sequenceDistance(header.sequence, this.#highest);
    if (header.ssrc !== this.ssrc || Math.abs(ahead) > MAX_JUMP) this.#reset(header);
    else if (ahead > 0) {
      if (header.sequence < this.#highest) this.#cycles += 0x10000;
      this.#highest = header.sequence;
    }
    this.received++;
    if (paced) this.#measure(header.timestamp, arrivalMs);
  }

  /** Records a sender report. @param middle middle 32 bits of its NTP time. */
  senderReport(middle: number, arrivalMs: number): void {
    this.#senderReport = middle;
    this.#senderReportAt = arrivalMs;
  }

  /** Packets that were sent and never arrived; at least 0. */
  get lost(): number {
    return Math.max(0, this.#expected - this.received);
  }

  /** Interarrival jitter (RFC 3550 §6.4.1), in milliseconds. */
  get jitterMs(): number {
    return (this.#jitter * 1000) / this.clockRate;
  }

  /** Fills a report block and starts the next reporting interval. */
  report(into: ReportBlock, nowMs: number): void {
    const expected = this.#expected - this.#expectedBefore;
    const lost = expected - (this.received - this.#receivedBefore);
    this.#expectedBefore = this.#expected;
    this.#receivedBefore = this.received;
    into.ssrc = this.ssrc;
    // With more duplicates than losses, the fraction is 0 (RFC 3550 A.3).
    into.fractionLost = expected > 0 && lost > 0 ? Math.min(255, Math.floor((lost * 256) / expected)) : 0;
    into.cumulativeLost = this.#expected - this.received;
    into.highestSequence = this.#cycles + this.#highest;
    into.jitter = Math.floor(this.#jitter);
    into.lastSenderReport = this.#senderReport;
    into.sinceSenderReport = this.#senderReport ? Math.round((nowMs - this.#senderReportAt) * 65.536) : 0;
  }

  get #expected(): number {
    return this.ssrc < 0 ? 0 : this.#cycles + this.#highest - this.#base + 1;
  }

  #reset(header: RtpHeader): void {
    this.ssrc = header.ssrc;
    this.received = 0;
    this.#base = header.sequence;
    this.#highest = header.sequence;
    this.#cycles = 0;
    this.#expectedBefore = 0;
    this.#receivedBefore = 0;
    this.#jitter = 0;
    this.#transitKnown = false;
    this.#senderReport = 0;
  }

  // Mean deviation of the transit time, smoothed by a sixteenth (RFC 3550 A.8).
  #measure(timestamp: number, arrivalMs: number): void {
    const transit = (arrivalMs * this.clockRate) / 1000 - timestamp;
    const change = Math.abs(transit - this.#transit);
    this.#transit = transit;
    // A change of a second is not jitter but another clock or a wrapped timestamp.
    if (this.#transitKnown && change < this.clockRate) this.#jitter += (change - this.#jitter) / 16;
    this.#transitKnown = true;
  }
}
