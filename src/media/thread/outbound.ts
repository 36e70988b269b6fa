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

/** A relayed packet may be this late, 100 ms, before audio of our own is sent. */
const RELAY_BEATS = 5;
/** Packets with a sequence number further away than this start a new series. */
const MAX_DISTANCE = 100;

/** Makes RTP packets of frames. Timestamps come from the count of beats, so that a pause in sending stays a pause. */
export class Outbound {
  packets = 0;
  /** Octets of payload. */
  octets = 0;
  readonly ssrc: number;
  #socket: RtpSocket;
  #header = new RtpHeader();
  #firstTimestamp: number;
  #ticks = 1;
  /** What is added to the numbers of relayed packets, and their source. */
  #relayed = { ssrc: -1, first: 0, sequence: 0, timestamp: 0 };
  #relayedAt = Number.NEGATIVE_INFINITY;
  /** The previous beat was sent, too: no marker is due. */
  #isFlowing = false;

  constructor(socket: RtpSocket, random: Random) {
    const bytes = random.bytes(10);
    this.#socket = socket;
    // RFC 3550 §5.1: all three start at random.
    this.ssrc = this.#header.ssrc = bytes.readUInt32BE(0);
    this.#firstTimestamp = bytes.readUInt32BE(4);
    this.#header.sequence = bytes.readUInt16BE(8);
  }

  /** The RTP timestamp of a beat. */
  timestamp(beat: number): number {
    return timestampAfter(this.#firstTimestamp, beat * FRAME_SAMPLES * this.#ticks);
  }

  /** The clock rate of the timestamps. */
  get clockRate(): number {
    return SAMPLE_RATE * this.#ticks;
  }

  /** Changes the clock rate of the timestamps. */
  agree({ ticks }: Codec): void {
    this.#ticks = ticks;
  }

  send(frame: Int16Array, beat: number, codec: Codec, payloadType: number): void {
    const length = codec.encode(frame, this.#socket.packet, RTP_HEADER);
    this.#header.marker = !this.#isFlowing;
    this.#header.payloadType = payloadType;
    this.#header.timestamp = this.timestamp(beat);
    this.#write(length);
  }

  /** Sends the next packet of a digit, at the timestamp of its beginning (RFC 4733 §2.5.1.2). */
  sendEvent(events: TelephoneEventSender, payloadType: number): void {
    this.#header.payloadType = payloadType;
    if (events.next(this.#header, this.#socket.packet, RTP_HEADER)) this.#write(EVENT_PAYLOAD);
  }

  /**
   * Sends a packet of another source unchanged, with sequence numbers that continue ours. Gaps and changes of order
   * stay, so that the far end can tell what was lost. Call `send` again when nothing more is relayed.
   */
  relay(from: RtpHeader, bytes: Buffer, beat: number, payloadType: number): void {
    if (from.payloadLength > LONGEST_PAYLOAD) return;
    const ahead = sequenceDistance(from.sequence + this.#relayed.sequence, this.#header.sequence);
    // A sequence number must not be used twice: under SRTP, one key stream would encrypt two payloads.
    const isTaken = sequenceDistance(from.sequence + this.#relayed.sequence, this.#relayed.first) < 0;
    const isNew = this.#relayedAt < beat - RELAY_BEATS || from.ssrc !== this.#relayed.ssrc;
    if (isNew || Math.abs(ahead) > MAX_DISTANCE) this.#startSeries(from, beat);
    else if (isTaken) return;
    const next = this.#header.sequence;
    this.#header.sequence = sequenceAfter(from.sequence, this.#relayed.sequence);
    this.#header.timestamp = timestampAfter(from.timestamp, this.#relayed.timestamp);
    this.#header.marker = from.marker || !this.#isFlowing;
    this.#header.payloadType = payloadType;
    const { payloadOffset, payloadLength } = from;
    bytes.copy(this.#socket.packet, RTP_HEADER, payloadOffset, payloadOffset + payloadLength);
    this.#write(payloadLength);
    if (sequenceDistance(this.#header.sequence, next) < 0) this.#header.sequence = next;
    this.#relayedAt = beat;
  }

  /** Whether packets of another source are being relayed. */
  isRelaying(beat: number): boolean {
    return this.#relayedAt >= beat - RELAY_BEATS;
  }

  /** What is sent next was not relayed. */
  endRelaying(): void {
    this.#relayedAt = Number.NEGATIVE_INFINITY;
  }

  #startSeries(from: RtpHeader, beat: number): void {
    this.#relayed.ssrc = from.ssrc;
    this.#relayed.first = this.#header.sequence;
    this.#relayed.sequence = sequenceDistance(this.#header.sequence, from.sequence);
    this.#relayed.timestamp = timestampDistance(this.timestamp(beat), from.timestamp);
  }

  /** Sends nothing in this beat. The next packet starts a new talkspurt (RFC 3551 §4.1). */
  rest(): void {
    this.#isFlowing = false;
  }

  #write(length: number): void {
    this.#header.write(this.#socket.packet);
    this.#header.sequence = sequenceAfter(this.#header.sequence);
    this.#socket.send(RTP_HEADER + length);
    this.#isFlowing = true;
    this.packets++;
    this.octets += length;
  }
}
