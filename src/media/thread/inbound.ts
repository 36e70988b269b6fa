import { type Codec, type CodecName, G722Codec, openCodec, SAMPLE_RATE } from '../../audio/index.ts';
import type { Endpoint, RtpSocket } from '../../net/index.ts';
import { G722Clock, isRtcp, JitterBuffer, ReceiverStats, RtpHeader } from '../../rtp/index.ts';
import type { AudioAgreement } from '../agreement.ts';

/** What happens on the RTP port. */
export interface InboundEvents {
  /** A packet in the codec that is agreed on first, at its clock rate, after it went to the jitter buffer. */
  audio(header: RtpHeader, bytes: Buffer): void;
  /** An RFC 4733 packet with timestamps of this clock rate; `header` was read from `bytes`. */
  event(header: RtpHeader, bytes: Buffer, clockRate: number): void;
  /** An RTCP packet on the RTP port. */
  rtcp(bytes: Buffer, length: number, arrivedAt: number): void;
  /** The address of the far end is known, or has changed. */
  found(farEnd: Endpoint): void;
}

/** One second, in which packets of the far end's previous address may still be in transit. */
const STALE_ADDRESS_BEATS = 50;

/**
 * One second, in which only addresses known from signaling are accepted as the far end. An attacker who sends RTP to
 * every port and waits for a call to begin there is too late ("RTP bleed", CVE-2017-14099).
 */
const RESERVED_BEATS = 50;

/**
 * Receives RTP: from packets to the jitter buffer, which gives one frame a beat. RTP is sent to where it comes from
 * (symmetric RTP): the first packet that matches the agreement decides the address of the far end, and from then on
 * the kernel drops packets from others.
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
  /** Steps of the RTP timestamp for each sample of the newest packet. */
  #ticks = 1;
  #target: Endpoint | undefined;
  #latched = false;
  /** The address of the far end before it moved, and the beats for which packets from there are ignored. */
  #former: Endpoint | undefined;
  #formerBeats = 0;
  /** Beats for which only addresses known from signaling are accepted. */
  #reserved = 0;
  #header = new RtpHeader();
  /** Beats since anything arrived from a far end that should send. */
  #quiet = 0;

  constructor(socket: RtpSocket, events: InboundEvents) {
    this.#socket = socket;
    this.#events = events;
  }

  /** Sets the address and the formats of the far end. A new agreement accepts a new address. */
  agree(agreement: AudioAgreement, codec: Codec): void {
    const { address, port } = agreement.remote;
    const before = this.#agreement?.remote;
    this.#agreement = agreement;
    this.#quiet = 0;
    this.#agreed = codec;
    this.#formats.agree(agreement, codec);
    this.reception.clockRate = SAMPLE_RATE * codec.ticks;
    this.#latched = false;
    this.#reserved = agreement.signaledFrom === undefined ? 0 : RESERVED_BEATS;
    // A far end that gives the same address as before still sends from the one that was seen.
    const moved = before?.address !== address || before.port !== port;
    this.#formerBeats = moved && this.#target ? STALE_ADDRESS_BEATS : 0;
    this.#former = this.#target;
    if (moved || !this.#target) this.#target = { address, port };
    this.#socket.setRemote(this.#target);
    this.#events.found(this.#target);
  }

  /** Takes the packets since the last beat. @param overdue beats that follow at once. */
  receive(overdue: number): void {
    this.jitter.overdue = overdue;
    if (this.#formerBeats > 0) this.#formerBeats--;
    if (this.#reserved > 0) this.#reserved--;
    // A far end that holds the call need not send anything.
    if (this.#agreement?.direction === 'sendrecv') this.#quiet++;
    this.#socket.receive(this.#take);
  }

  /** Something has arrived. RTCP counts, since a muted far end may send nothing else. */
  heard(): void {
    this.#quiet = 0;
  }

  /** Whether nothing has arrived for this many beats. Then starts to count again. */
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
      if (codec === this.#agreed && this.#ticks === codec.ticks) this.#events.audio(header, bytes);
    } else {
      this.jitter.note(header);
      this.#events.event(header, bytes, eventClock!);
    }
  }

  /** Follows a change of codec with the packet that was read last. */
  #follow(codec: Codec): void {
    if (codec instanceof G722Codec) this.#g722.observe(this.#header);
    this.#ticks = codec instanceof G722Codec ? this.#g722.ticks : codec.ticks;
    this.reception.clockRate = SAMPLE_RATE * this.#ticks;
  }

  /** @returns false when the packet is a late one from the previous address, or its address is not accepted yet. */
  #latch({ address, port }: Endpoint): boolean {
    const former = this.#former;
    if (this.#formerBeats > 0 && former?.port === port && former.address === address) return false;
    if (this.#reserved > 0 && !this.#expects(address)) return false;
    this.#latched = true;
    this.#target = { address, port };
    this.#socket.connect(this.#target);
    this.#events.found(this.#target);
    return true;
  }

  #expects(address: string): boolean {
    const { remote, signaledFrom } = this.#agreement ?? {};
    return [remote?.address, signaledFrom, this.#target?.address].includes(address);
  }
}

function hears({ direction }: AudioAgreement): boolean {
  return direction === 'sendrecv' || direction === 'recvonly';
}

/**
 * The formats of incoming packets, by payload type. The far end may send any format that was agreed on, and may change
 * it from one packet to the next (RFC 3264 §7).
 */
class ReceivedFormats {
  #names = new Map<number, CodecName>();
  #clockRates = new Map<number, number>();
  /** Decoders keep their state across changes, and are opened when the first packet needs them. */
  #codecs = new Map<CodecName, Codec>();
  /** The payload type of the newest packet, and its codec: most packets are like the one before. */
  #newest = -1;
  #newestCodec: Codec | undefined;

  /** @param decoder of the codec that is agreed on first. */
  agree({ codec, telephoneEvent, receives }: AudioAgreement, decoder: Codec): void {
    this.#codecs.set(codec.name, decoder);
    this.#newest = -1;
    this.#names = new Map();
    this.#clockRates = new Map();
    for (const { name, payloadType } of [codec, ...(receives?.codecs ?? [])])
      if (!this.#names.has(payloadType)) this.#names.set(payloadType, name);
    const events = telephoneEvent ? [telephoneEvent, ...(receives?.telephoneEvents ?? [])] : [];
    for (const { payloadType, clockRate = SAMPLE_RATE } of events)
      if (!this.#names.has(payloadType)) this.#clockRates.set(payloadType, clockRate);
  }

  /** The decoder of this payload type; undefined: it is no audio. */
  codecOf(payloadType: number): Codec | undefined {
    if (payloadType === this.#newest) return this.#newestCodec;
    const name = this.#names.get(payloadType);
    this.#newest = payloadType;
    this.#newestCodec = name && (this.#codecs.get(name) ?? this.#open(name));
    return this.#newestCodec;
  }

  /** The clock rate of RFC 4733 events of this payload type; undefined: it is something else. */
  eventClockOf(payloadType: number): number | undefined {
    return this.#clockRates.get(payloadType);
  }

  #open(name: CodecName): Codec {
    const codec = openCodec(name);
    this.#codecs.set(name, codec);
    return codec;
  }
}
