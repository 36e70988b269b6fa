import type { Digit } from '../audio/index.ts';
import { DIGITS, FRAME_MS, SAMPLE_RATE } from '../audio/index.ts';
import { type RtpHeader, sequenceDistance, timestampDistance } from './packet.ts';

/** Octets of one event. */
const EVENT = 4;
/** A press whose packets have stopped for so many beats is over, though its end did not arrive. */
const QUIET_BEATS = 160 / FRAME_MS;
/** A press that lasts longer than 30 s is over: a key may be stuck, and a gather must not wait forever. */
const LONGEST_BEATS = 30_000 / FRAME_MS;
/** Packets that are so far behind are late; what is further behind comes from a sender that began anew. */
const LATE_PACKETS = 100;
/** The same for timestamps. */
const LATE_SECONDS = 10;
/** RFC 4733 §2.5.1.3: an event that lasts longer than its field can say goes on in a new segment. */
const LONGEST = 0xffff;
/** Packets of a press are up to 400 ms apart, so its last one may be as far from the longest duration. */
const UPDATE_SECONDS = 0.5;
/** Nobody presses a key again within 30 ms: what follows more closely belongs to the same press. */
const GAP_SECONDS = 0.03;
/** The same where timestamps are known to grow with the press, so that lost packets leave a gap. */
const GROWING_GAP_SECONDS = 0.1;
/** Packets of a press are seldom further apart. */
const PACKETS_SECONDS = 0.06;
/** The same for an end: two of three may be lost, and each may have a timestamp of its own. */
const END_GAP_SECONDS = 0.06;
/** A duration that begins anew under the same timestamp, after a pause, is another press. */
const PAUSE_BEATS = 80 / FRAME_MS;

/** One event of a packet. */
interface Arrival {
  event: number;
  end: boolean;
  timestamp: number;
  duration: number;
}

/**
 * Makes key presses of RFC 4733 packets, each once, whatever is lost, repeated or overtaken. A press should have one
 * timestamp, a duration that grows, and an end. Senders in the field break each of these rules: timestamps grow with
 * the press or stay the same for many, ends are missing or have timestamps of their own, durations begin anew. What
 * tells two presses apart is therefore all of it together. Markers tell nothing.
 */
export class TelephoneEventReceiver {
  /** Steps of the timestamp in a second. */
  clockRate = SAMPLE_RATE;
  #heard: (digit: Digit) => void;
  #pressed: (digit: string) => void;
  #ssrc = -1;
  #sequence = 0;
  /** The newest press: its key, whether it goes on, and whether its end has arrived. */
  #event = -1;
  #running = false;
  #ended = false;
  /** Of its newest packet. */
  #timestamp = 0;
  /** Of the segment that goes on. */
  #start = 0;
  #duration = 0;
  /** Of the segments before. */
  #durationBefore = 0;
  /** Does the timestamp grow with the press? */
  #grows = false;
  #quietBeats = 0;
  #beats = 0;
  /** Of the newest packet with more than one event. */
  #packed = -1;
  #arrival: Arrival = { event: 0, end: false, timestamp: 0, duration: 0 };

  /** @param heard called with each press when it is over. @param pressed called when one begins. */
  constructor(heard: (digit: Digit) => void, pressed: (digit: string) => void = () => {}) {
    this.#heard = heard;
    this.#pressed = pressed;
  }

  /** Takes a packet of the payload type that was agreed for events; `header` was read from `packet`. */
  receive(header: RtpHeader, packet: Buffer): void {
    const { payloadOffset, payloadLength, ssrc, sequence } = header;
    const last = payloadOffset + payloadLength - EVENT;
    const isPacked = payloadLength >= 2 * EVENT && isWhole(packet, payloadOffset);
    // All its events are over: sent again, it brings nothing.
    if (isPacked && header.timestamp === this.#packed) return;
    if (isPacked) this.#packed = header.timestamp;
    const arrival = this.#arrival;
    arrival.timestamp = header.timestamp;
    for (let at = payloadOffset; at <= last; at += EVENT) {
      arrival.event = packet[at]!;
      arrival.end = (packet[at + 1]! & 0x80) !== 0;
      arrival.duration = packet.readUInt16BE(at + 2);
      // RFC 4733 §2.5.1.5 packs events that follow each other without a pause; anything else there is padding.
      if (at > payloadOffset && arrival.duration === 0) return;
      if (arrival.event < DIGITS.length) this.#take(ssrc, sequence, arrival);
      if (!isWhole(packet, at)) return;
      arrival.timestamp = (arrival.timestamp + arrival.duration) >>> 0;
    }
  }

  /** To be called once a beat. */
  beat(): void {
    if (!this.#running) return;
    this.#beats++;
    if (++this.#quietBeats > QUIET_BEATS || this.#beats > LONGEST_BEATS) this.#release();
  }

  #take(ssrc: number, sequence: number, arrival: Arrival): void {
    const { event, end, timestamp, duration } = arrival;
    const isFirst = this.#event < 0 || ssrc !== this.#ssrc;
    if (!isFirst && this.#isLate(sequence, timestamp)) return;
    const isNew = isFirst || event !== this.#event || this.#isAnother(arrival);
    this.#ssrc = ssrc;
    this.#sequence = sequence;
    if (isNew) this.#press(event, timestamp);
    this.#timestamp = timestamp;
    this.#duration = Math.max(this.#duration, duration);
    this.#quietBeats = 0;
    if (end) this.#ended = true;
    if (end && this.#running) this.#release();
  }

  /** Is the packet overtaken by one that came before? */
  #isLate(sequence: number, timestamp: number): boolean {
    if (timestampDistance(timestamp, this.#timestamp) < -this.#steps(LATE_SECONDS)) return false;
    const ahead = sequenceDistance(sequence, this.#sequence);
    return ahead < 0 && ahead > -LATE_PACKETS;
  }

  /** Is it another press of the same key? Where it is the next segment of the same press, notes that. */
  #isAnother({ end, timestamp, duration }: Arrival): boolean {
    const later = timestampDistance(timestamp, this.#timestamp);
    // An end without a duration ends what there is.
    if (end && duration === 0) return false;
    // An end is sent again, by some with another timestamp.
    if (this.#ended) return !end || later > Math.max(duration, this.#duration) + this.#steps(GAP_SECONDS);
    if (later < -this.#steps(LATE_SECONDS)) return true;
    if (later <= 0) return !end && duration < this.#duration && !this.#beginsAnew();
    const longest = Math.max(duration, this.#duration);
    if (end) return later > longest + this.#steps(END_GAP_SECONDS) && !this.#continues(timestamp);
    // Some senders give each packet the duration since the one before, or less.
    const isClose = this.#quietBeats < PAUSE_BEATS && later <= this.#steps(PACKETS_SECONDS);
    if (duration >= this.#duration && (isClose || later <= duration + this.#gap)) {
      this.#grows = true;
      return false;
    }
    return !this.#continues(timestamp);
  }

  /** Does the segment that begins there follow the one that is known without a pause? */
  #continues(timestamp: number): boolean {
    const sinceStart = timestampDistance(timestamp, this.#start);
    const known = this.#isFull ? LONGEST : this.#duration;
    if (sinceStart > known + this.#gap && sinceStart !== LONGEST) return false;
    this.#nextSegment(timestamp, sinceStart);
    return true;
  }

  get #isFull(): boolean {
    return this.#duration >= LONGEST - this.#steps(UPDATE_SECONDS);
  }

  get #gap(): number {
    return this.#steps(this.#grows ? GROWING_GAP_SECONDS : GAP_SECONDS);
  }

  #steps(seconds: number): number {
    return seconds * this.clockRate;
  }

  /** A duration begins anew under the same timestamp: in a press that goes on, or because its field was full. */
  #beginsAnew(): boolean {
    const isFull = this.#isFull;
    if (!isFull && (!this.#running || this.#quietBeats >= PAUSE_BEATS)) return false;
    this.#nextSegment(this.#start, isFull ? LONGEST : this.#duration);
    return true;
  }

  #nextSegment(start: number, durationBefore: number): void {
    this.#start = start;
    this.#durationBefore += durationBefore;
    this.#duration = 0;
  }

  #press(event: number, timestamp: number): void {
    if (this.#running) this.#release();
    this.#running = true;
    this.#ended = false;
    this.#grows = false;
    this.#event = event;
    this.#start = timestamp;
    this.#duration = 0;
    this.#durationBefore = 0;
    this.#beats = 0;
    this.#pressed(DIGITS[event]!);
  }

  #release(): void {
    this.#running = false;
    const steps = this.#durationBefore + this.#duration;
    this.#heard({ digit: DIGITS[this.#event]!, durationMs: Math.round((steps * 1000) / this.clockRate) });
  }
}

/** Is the event over within its packet, so that another may follow there? */
const isWhole = (packet: Buffer, at: number): boolean =>
  (packet[at + 1]! & 0x80) !== 0 && packet.readUInt16BE(at + 2) > 0;
