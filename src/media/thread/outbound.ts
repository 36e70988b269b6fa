import type { Random } from '../../kit/index.ts';
import type { RtpSocket } from '../../net/index.ts';
import { type Codec, LONGEST_PAYLOAD } from '../codec/codec.ts';
import { EVENT_PAYLOAD, type TelephoneEventSender } from '../dtmf/event-sender.ts';
import { FRAME_SAMPLES, SAMPLE_RATE } from '../frame.ts';
import { RTP_HEADER, RtpHeader, sequenceAfter, timestampAfter } from '../rtp/packet.ts';

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
