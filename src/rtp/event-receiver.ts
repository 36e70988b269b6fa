import type { Digit } from '../audio/index.ts';
import { DIGITS, FRAME_MS, SAMPLE_RATE } from '../audio/index.ts';
import { type RtpHeader, sequenceDistance, timestampDistance } from './packet.ts';

/** Octets per event. */
const EVENT = 4;
/** A press without packets for this many beats is over, even if its end did not arrive. */
const QUIET_BEATS = 160 / FRAME_MS;
/** A press longer than 30 s is over: a key may be stuck, and a gather must not wait forever. */
const LONGEST_BEATS = 30_000 / FRAME_MS;
/** Packets up to this far behind are late; those further behind come from a sender that restarted. */
const LATE_PACKETS = 100;
/** The same limit for timestamps. */
const LATE_SECONDS = 10;
/** An event longer than its duration field continues in a new segment (RFC 4733 §2.5.1.3). */
const MAX_DURATION = 0xffff;
/** Packets of a press are up to 400 ms apart, so its last one may be this far from the maximum duration. */
const UPDATE_SECONDS = 0.5;
/** A packet within 30 ms of a press belongs to it: nobody presses a key again so fast. */
const GAP_SECONDS = 0.03;
/** The same limit when timestamps grow with the press, so that lost packets leave a gap. */
const GROWING_GAP_SECONDS = 0.1;
/** Packets of a press are rarely further apart. */
const PACKETS_SECONDS = 0.06;
/** The same limit for an end: two of three may be lost, and each may have its own timestamp. */
const END_GAP_SECONDS = 0.06;
/** A duration that restarts under the same timestamp after such a pause is another press. */
const PAUSE_BEATS = 80 / FRAME_MS;

/** One event of a packet. */
interface Arrival {
  event: number;
  end: boolean;
  timestamp: number;
  duration: number;
}

/**
 * Detects key presses in RFC 4733 packets: reports each once, whatever is lost, repeated or reordered. A press should have
 * one timestamp, a growing duration, and an end. Real senders break each of these rules: timestamps grow with the press or
 * stay the same for several presses, ends are missing or have their own timestamps, durations restart. So all fields
 * together decide where a press ends and the next one starts. Markers are ignored.
 */
export class TelephoneEventReceiver {
  /** Timestamp units per second. */
  clockRate = SAMPLE_RATE;
  #onDigit: (digit: Digit) => void;
  #onPress: (digit: string) => void;
  #ssrc = -1;
  #sequence = 0;
  /** The newest press: its key, whether it continues, and whether its end has arrived. */
  #event = -1;
  #running = false;
  #ended = false;
  /** Timestamp of the newest packet of the press. */
  #timestamp = 0;
  /** Start and duration of the current segment. */
  #start = 0;
  #duration = 0;
  /** Duration of the previous segments. */
  #durationBefore = 0;
  /** Whether the timestamp grows with the press. */
  #grows = false;
  #quietBeats = 0;
  #beats = 0;
  /** Timestamp of the newest packet with more than one event. */
  #packed = -1;
  #arrival: Arrival = { event: 0, end: false, timestamp: 0, duration: 0 };

  /** @param onDigit called with each press when it is over. @param onPress called when a press starts. */
  constructor(onDigit: (digit: Digit) => void, onPress: (digit: string) => void = () => {}) {
    this.#onDigit = onDigit;
    this.#onPress = onPress;
  }

  /** Takes a packet of the payload type negotiated for events; `header` was read from `packet`. */
  receive(header: RtpHeader, packet: Buffer): void {
    const { payloadOffset, payloadLength, ssrc, sequence } = header;
    const last = payloadOffset + payloadLength - EVENT;
    const isPacked = payloadLength >= 2 * EVENT && isWhole(packet, payloadOffset);
    // All events of a packed packet are over, so a repetition has no effect.
    if (isPacked && header.timestamp === this.#packed) return;
    if (isPacked) this.#packed = header.timestamp;
    const arrival = this.#arrival;
    arrival.timestamp = header.timestamp;
    for (let at = payloadOffset; at <= last; at += EVENT) {
      arrival.event = packet[at]!;
      arrival.end = (packet[at + 1]! & 0x80) !== 0;
      arrival.duration = packet.readUInt16BE(at + 2);
      // Packed events follow each other without a pause (RFC 4733 §2.5.1.5); anything else is padding.
      if (at > payloadOffset && arrival.duration === 0) return;
      if (arrival.event < DIGITS.length) this.#take(ssrc, sequence, arrival);
      if (!isWhole(packet, at)) return;
      arrival.timestamp = (arrival.timestamp + arrival.duration) >>> 0;
    }
  }

  /** Must be called once per beat. */
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

  /** Reports whether an earlier packet has overtaken this one. */
  #isLate(sequence: number, timestamp: number): boolean {
    if (timestampDistance(timestamp, this.#timestamp) < -this.#steps(LATE_SECONDS)) return false;
    const ahead = sequenceDistance(sequence, this.#sequence);
    return ahead < 0 && ahead > -LATE_PACKETS;
  }

  /** Reports whether a packet starts another press of the same key. Also starts the next segment of a long press. */
  #isAnother({ end, timestamp, duration }: Arrival): boolean {
    const later = timestampDistance(timestamp, this.#timestamp);
    // An end without a duration ends the current press.
    if (end && duration === 0) return false;
    // An end is repeated, by some senders with another timestamp.
    if (this.#ended) return !end || later > Math.max(duration, this.#duration) + this.#steps(GAP_SECONDS);
    if (later < -this.#steps(LATE_SECONDS)) return true;
    if (later <= 0) return !end && duration < this.#duration && !this.#restarts();
    const longest = Math.max(duration, this.#duration);
    if (end) return later > longest + this.#steps(END_GAP_SECONDS) && !this.#continues(timestamp);
    // Some senders state in each packet the duration since the previous one, or less.
    const isClose = this.#quietBeats < PAUSE_BEATS && later <= this.#steps(PACKETS_SECONDS);
    if (duration >= this.#duration && (isClose || later <= duration + this.#gap)) {
      this.#grows = true;
      return false;
    }
    return !this.#continues(timestamp);
  }

  /** Reports whether the segment at `timestamp` follows the current one without a pause, and starts it. */
  #continues(timestamp: number): boolean {
    const sinceStart = timestampDistance(timestamp, this.#start);
    const known = this.#isFull ? MAX_DURATION : this.#duration;
    if (sinceStart > known + this.#gap && sinceStart !== MAX_DURATION) return false;
    this.#nextSegment(timestamp, sinceStart);
    return true;
  }

  get #isFull(): boolean {
    return this.#duration >= MAX_DURATION - this.#steps(UPDATE_SECONDS);
  }

  get #gap(): number {
    return this.#steps(this.#grows ? GROWING_GAP_SECONDS : GAP_SECONDS);
  }

  #steps(seconds: number): number {
    return seconds * this.clockRate;
  }

  /** Reports whether a duration restarts under the same timestamp. It does in a held press, or when its field is full. */
  #restarts(): boolean {
    const isFull = this.#isFull;
    if (!isFull && (!this.#running || this.#quietBeats >= PAUSE_BEATS)) return false;
    this.#nextSegment(this.#start, isFull ? MAX_DURATION : this.#duration);
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
    this.#onPress(DIGITS[event]!);
  }

  #release(): void {
    this.#running = false;
    const steps = this.#durationBefore + this.#duration;
    this.#onDigit({ digit: DIGITS[this.#event]!, durationMs: Math.round((steps * 1000) / this.clockRate) });
  }
}

/** Reports whether the event ends within its packet, so that another may follow. */
const isWhole = (packet: Buffer, at: number): boolean =>
  (packet[at + 1]! & 0x80) !== 0 && packet.readUInt16BE(at + 2) > 0;
