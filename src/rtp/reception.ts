import { SAMPLE_RATE } from '../audio/index.ts';
import { type RtpHeader, sequenceDistance } from './packet.ts';

/** One report block of RTCP (RFC 3550 §6.4.1). */
export interface ReceptionReport {
  /** Whose packets are reported on. */
  ssrc: number;
  /** Of the packets since the last report, in 256ths. */
  fractionLost: number;
  /** Since the beginning; negative with duplicates. */
  cumulativeLost: number;
  /** The highest sequence number, and how often it wrapped above the 16th bit. */
  highestSequence: number;
  /** In steps of the timestamp. */
  jitter: number;
  /** The middle 32 bits of the last sender report's NTP time, and 65536ths of a second since it came; 0 for none. */
  lastSenderReport: number;
  sinceSenderReport: number;
}

/** RFC 3550 A.1: what is farther away than a minute is a new numbering, not a loss. */
const FARTHEST = 3000;

/** What is counted of a stream that is received, as RFC 3550 appendix A counts it. */
export class Reception {
  received = 0;
  /** Steps of the timestamp in a second. */
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
   * Counts a packet that was accepted, whatever it holds. Another source or numbering begins anew.
   * @param arrivalMs monotonic time of its arrival. @param paced its timestamp is the time it was sent: not so
   * with events, which repeat the timestamp of their beginning.
   */
  packet(header: RtpHeader, arrivalMs: number, paced = true): void {
    const ahead = sequenceDistance(header.sequence, this.#highest);
    if (header.ssrc !== this.ssrc || Math.abs(ahead) > FARTHEST) this.#begin(header);
    else if (ahead > 0) {
      if (header.sequence < this.#highest) this.#cycles += 0x10000;
      this.#highest = header.sequence;
    }
    this.received++;
    if (paced) this.#measure(header.timestamp, arrivalMs);
  }

  /** Takes note of a sender report: the middle 32 bits of its NTP time, and when it came. */
  senderReport(middle: number, arrivalMs: number): void {
    this.#senderReport = middle;
    this.#senderReportAt = arrivalMs;
  }

  /** Packets that were sent and never came. Not below zero. */
  get lost(): number {
    return Math.max(0, this.#expected - this.received);
  }

  /** RFC 3550 §6.4.1 interarrival jitter, in milliseconds. */
  get jitterMs(): number {
    return (this.#jitter * 1000) / this.clockRate;
  }

  /** Fills a report block, and begins the next interval. */
  report(into: ReceptionReport, nowMs: number): void {
    const expected = this.#expected - this.#expectedBefore;
    const lost = expected - (this.received - this.#receivedBefore);
    this.#expectedBefore = this.#expected;
    this.#receivedBefore = this.received;
    into.ssrc = this.ssrc;
    // RFC 3550 A.3: with more duplicates than losses, nothing was lost.
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

  #begin(header: RtpHeader): void {
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

  // RFC 3550 A.8: the mean deviation of the time on the way, a sixteenth at a time.
  #measure(timestamp: number, arrivalMs: number): void {
    const transit = (arrivalMs * this.clockRate) / 1000 - timestamp;
    const change = Math.abs(transit - this.#transit);
    this.#transit = transit;
    // A second is not jitter but another clock, or a timestamp that wrapped.
    if (this.#transitKnown && change < this.clockRate) this.#jitter += (change - this.#jitter) / 16;
    this.#transitKnown = true;
  }
}
