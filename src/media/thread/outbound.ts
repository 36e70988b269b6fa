import { type Codec, FRAME_SAMPLES, LONGEST_PAYLOAD, SAMPLE_RATE } from '../../audio/index.ts';
import type { Random } from '../../core/index.ts';
import type { RtpSocket } from '../../net/index.ts';
import {
  EVENT_PAYLOAD,
  RTP_HEADER,
  RtpHeader,
  sequenceAfter,
  sequenceDistance,
  type TelephoneEventSender,
  timestampAfter,
  timestampDistance,
} from '../../rtp/index.ts';

/** So long, 100 ms, a packet that is passed on may be late, before we send silence of our own. */
const PASSING_BEATS = 5;
/** Packets that are farther away than this are of another row. */
const FARTHEST = 100;

/** Makes packets of frames. Timestamps come from the count of the beats, so a pause in sending stays a pause. */
export class Outbound {
  packets = 0;
  /** Octets of payload. */
  octets = 0;
  readonly ssrc: number;
  #socket: RtpSocket;
  #header = new RtpHeader();
  #packet = Buffer.alloc(RTP_HEADER + LONGEST_PAYLOAD);
  #firstTimestamp: number;
  #ticks = 1;
  /** What is added to the numbers of those that are passed on, and whose they are. */
  #passed = { ssrc: -1, first: 0, sequence: 0, timestamp: 0 };
  #passedAt = Number.NEGATIVE_INFINITY;
  /** The beat before this one was sent too: no marker is due. */
  #flowing = false;

  constructor(socket: RtpSocket, random: Random) {
    const chance = random.bytes(10);
    this.#socket = socket;
    // RFC 3550 §5.1: all three start anywhere.
    this.ssrc = this.#header.ssrc = chance.readUInt32BE(0);
    this.#firstTimestamp = chance.readUInt32BE(4);
    this.#header.sequence = chance.readUInt16BE(8);
  }

  /** The timestamp of a beat. */
  timestamp(beat: number): number {
    return timestampAfter(this.#firstTimestamp, beat * FRAME_SAMPLES * this.#ticks);
  }

  /** Steps of the timestamp in a second. */
  get clockRate(): number {
    return SAMPLE_RATE * this.#ticks;
  }

  /** Changes the clock of the timestamps. */
  agree({ ticks }: Codec): void {
    this.#ticks = ticks;
  }

  send(frame: Int16Array, beat: number, codec: Codec, payloadType: number): void {
    const length = codec.encode(frame, this.#packet, RTP_HEADER);
    this.#header.marker = !this.#flowing;
    this.#header.payloadType = payloadType;
    this.#header.timestamp = this.timestamp(beat);
    this.#write(length);
  }

  /** Sends the next packet of a key press, at its own timestamp (RFC 4733 §2.5.1.2). */
  sendEvent(events: TelephoneEventSender, payloadType: number): void {
    this.#header.payloadType = payloadType;
    if (events.next(this.#header, this.#packet, RTP_HEADER)) this.#write(EVENT_PAYLOAD);
  }

  /**
   * Sends a packet of somebody else's as it is, in the row of our own: gaps and changes of order stay, so that the
   * far end can tell what was lost. To be followed by `send` once nothing more comes.
   */
  pass(from: RtpHeader, bytes: Buffer, beat: number, payloadType: number): void {
    if (from.payloadLength > LONGEST_PAYLOAD) return;
    const ahead = sequenceDistance(from.sequence + this.#passed.sequence, this.#header.sequence);
    // A number that was given out must not be given again: under SRTP one key would cover two contents.
    const isTaken = sequenceDistance(from.sequence + this.#passed.sequence, this.#passed.first) < 0;
    const isNew = this.#passedAt < beat - PASSING_BEATS || from.ssrc !== this.#passed.ssrc;
    if (isNew || Math.abs(ahead) > FARTHEST) this.#joinRow(from, beat);
    else if (isTaken) return;
    const next = this.#header.sequence;
    this.#header.sequence = sequenceAfter(from.sequence, this.#passed.sequence);
    this.#header.timestamp = timestampAfter(from.timestamp, this.#passed.timestamp);
    this.#header.marker = from.marker || !this.#flowing;
    this.#header.payloadType = payloadType;
    const { payloadOffset, payloadLength } = from;
    bytes.copy(this.#packet, RTP_HEADER, payloadOffset, payloadOffset + payloadLength);
    this.#write(payloadLength);
    if (sequenceDistance(this.#header.sequence, next) < 0) this.#header.sequence = next;
    this.#passedAt = beat;
  }

  /** Whether packets of somebody else's are on their way through. */
  passes(beat: number): boolean {
    return this.#passedAt >= beat - PASSING_BEATS;
  }

  /** What comes next was not passed on. */
  endPassing(): void {
    this.#passedAt = Number.NEGATIVE_INFINITY;
  }

  #joinRow(from: RtpHeader, beat: number): void {
    this.#passed.ssrc = from.ssrc;
    this.#passed.first = this.#header.sequence;
    this.#passed.sequence = sequenceDistance(this.#header.sequence, from.sequence);
    this.#passed.timestamp = timestampDistance(this.timestamp(beat), from.timestamp);
  }

  /** Nothing is sent at this beat; the next packet begins a new spurt (RFC 3551 §4.1). */
  rest(): void {
    this.#flowing = false;
  }

  #write(length: number): void {
    this.#header.write(this.#packet);
    this.#header.sequence = sequenceAfter(this.#header.sequence);
    this.#socket.send(this.#packet, RTP_HEADER + length);
    this.#flowing = true;
    this.packets++;
    this.octets += length;
  }
}
