import { type Codec, G722Codec, openCodec, SAMPLE_RATE } from '../../audio/index.ts';
import type { Endpoint, RtpSocket } from '../../net/index.ts';
import { G722Clock, isRtcp, JitterBuffer, ReceiverStats, RtpHeader } from '../../rtp/index.ts';
import type { AudioAgreement } from '../sound.ts';
import { ReceivedFormats } from './received-formats.ts';

/** What the packets bring besides sound. */
export interface InboundEvents {
  /** A packet of sound in the codec that is agreed on first, and on its clock, after it was taken. */
  sound(header: RtpHeader, bytes: Buffer): void;
  /** A packet of RFC 4733, on a clock of so many steps a second; `header` was read from `bytes`. */
  event(header: RtpHeader, bytes: Buffer, clockRate: number): void;
  /** RTCP that came on the RTP port. */
  rtcp(bytes: Buffer, length: number, arrivedAt: number): void;
  /** This is where the far end is, as far as is known. */
  found(farEnd: Endpoint): void;
}

/** One second, in which packets may be on their way from where the far end was before. */
const FAREWELL_BEATS = 50;

/**
 * One second, in which only the places that signalling knows of are taken for the far end: who sends sound to every
 * port, and waits for a call to begin there, comes too late (such as "RTP bleed", CVE-2017-14099).
 */
const RESERVED_BEATS = 50;

/**
 * The way in: from packets to one frame a beat. Sound is sent to where it comes from (symmetric RTP), so the
 * first packet that is what was agreed on decides who the far end is; the kernel drops what others send.
 */
export class Inbound {
  readonly jitter = new JitterBuffer();
  readonly reception = new ReceiverStats();
  #socket: RtpSocket;
  #events: InboundEvents;
  #agreement: AudioAgreement | undefined;
  #formats = new ReceivedFormats();
  #agreed: Codec = openCodec('PCMU');
  #g722 = new G722Clock();
  /** Steps of the timestamp for each sample of the newest packet. */
  #ticks = 1;
  #target: Endpoint | undefined;
  #latched = false;
  /** Where the far end was before it moved, and the beats for which that is not listened to. */
  #former: Endpoint | undefined;
  #pendingBye = 0;
  /** Beats for which the place is kept for whom signalling knows of. */
  #reserved = 0;
  #header = new RtpHeader();
  /** Beats since anything has come from a far end that is to send. */
  #quiet = 0;

  constructor(socket: RtpSocket, events: InboundEvents) {
    this.#socket = socket;
    this.#events = events;
  }

  /** Where sound goes, and the codec that it comes in. A new agreement lets a new far end be heard. */
  agree(agreement: AudioAgreement, codec: Codec): void {
    const { address, port } = agreement.remote;
    const before = this.#agreement?.remote;
    this.#agreement = agreement;
    this.#quiet = 0;
    this.#agreed = codec;
    this.#formats.agree(agreement, codec);
    this.reception.clockRate = SAMPLE_RATE * codec.ticks;
    this.#latched = false;
    this.#reserved = agreement.signalledFrom === undefined ? 0 : RESERVED_BEATS;
    // Where the far end said the same as before, it is still behind the address that was heard.
    const moved = before?.address !== address || before.port !== port;
    this.#pendingBye = moved && this.#target ? FAREWELL_BEATS : 0;
    this.#former = this.#target;
    if (moved || !this.#target) this.#target = { address, port };
    this.#socket.setRemote(this.#target);
    this.#events.found(this.#target);
  }

  /** Takes what has arrived since the last beat. @param overdue beats that follow at once. */
  receive(overdue: number): void {
    this.jitter.overdue = overdue;
    if (this.#pendingBye > 0) this.#pendingBye--;
    if (this.#reserved > 0) this.#reserved--;
    // Who holds the call, by whatever direction, may do so in silence.
    if (this.#agreement?.direction === 'sendrecv') this.#quiet++;
    this.#socket.receive(this.#take);
  }

  /** The far end is there: so does RTCP say while it is muted and sends nothing else. */
  heard(): void {
    this.#quiet = 0;
  }

  /** Whether nothing has come for so many beats; counts anew from there. */
  isQuiet(beats: number): boolean {
    if (this.#quiet < beats) return false;
    this.#quiet = 0;
    return true;
  }

  #take = (bytes: Buffer, length: number, from: Endpoint, arrivedAt: number): void => {
    if (!this.#agreement) return;
    this.heard();
    if (isRtcp(bytes, 0, length)) this.#events.rtcp(bytes, length, arrivedAt);
    else if (hears(this.#agreement) && this.#header.read(bytes, 0, length) === null)
      this.#sort(bytes, from, arrivedAt);
  };

  #sort(bytes: Buffer, from: Endpoint, arrivedAt: number): void {
    const header = this.#header;
    const codec = this.#formats.codecOf(header.payloadType);
    const eventClock = codec ? undefined : this.#formats.eventClockOf(header.payloadType);
    if (!codec && eventClock === undefined) return;
    if (!this.#latched && !this.#latch(from)) return;
    if (codec) this.#follow(codec);
    this.reception.packet(header, arrivedAt, codec !== undefined);
    if (codec) {
      this.jitter.push(header, bytes, codec, this.#ticks);
      if (codec === this.#agreed && this.#ticks === codec.ticks) this.#events.sound(header, bytes);
    } else {
      this.jitter.note(header);
      this.#events.event(header, bytes, eventClock!);
    }
  }

  /** The far end may have changed its codec with the packet that was read last. */
  #follow(codec: Codec): void {
    if (codec instanceof G722Codec) this.#g722.observe(this.#header);
    this.#ticks = codec instanceof G722Codec ? this.#g722.ticks : codec.ticks;
    this.reception.clockRate = SAMPLE_RATE * this.#ticks;
  }

  /**
   * @returns false when the packet is one of the last from where the far end was before it moved, or comes from where
   * nobody expects it yet.
   */
  #latch({ address, port }: Endpoint): boolean {
    const former = this.#former;
    if (this.#pendingBye > 0 && former?.port === port && former.address === address) return false;
    if (this.#reserved > 0 && !this.#expects(address)) return false;
    this.#latched = true;
    this.#target = { address, port };
    this.#socket.connect(this.#target);
    this.#events.found(this.#target);
    return true;
  }

  #expects(address: string): boolean {
    const { remote, signalledFrom } = this.#agreement ?? {};
    return [remote?.address, signalledFrom, this.#target?.address].includes(address);
  }
}

function hears({ direction }: AudioAgreement): boolean {
  return direction === 'sendrecv' || direction === 'recvonly';
}
