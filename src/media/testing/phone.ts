import { type Codec, LONGEST_PAYLOAD } from '../../audio/codec/codec.ts';
import { openCodec } from '../../audio/codec/open-codec.ts';
import { loadOpus } from '../../audio/codec/opus.ts';
import { FRAME_SAMPLES } from '../../audio/frame.ts';
import type { Clock, Timer } from '../../core/index.ts';
import type { Datagrams, Endpoint, Network } from '../../net/index.ts';
import { isRtcp, RTP_HEADER, RtpHeader } from '../../rtp/packet.ts';
import { RTP_TAG_BYTES } from '../../rtp/srtp.ts';
import type { AudioAgreement } from '../agreement.ts';
import type { Protection } from '../thread/secure-socket.ts';

await loadOpus();

/** An RTP packet that a phone received. */
export interface HeardPacket {
  at: number;
  header: RtpHeader;
  octets: Buffer;
  /** Its decoded audio; silence for another payload type. */
  samples: Int16Array;
}

/** A far end: sends a tone on its own timer, PCMU by default, and keeps all that it receives. */
export class Phone {
  readonly local: Endpoint;
  readonly heard: HeardPacket[] = [];
  /** The payloads that it has sent. */
  readonly said: Uint8Array[] = [];
  /** The address that it sends to. */
  target: Endpoint | undefined;
  /** The frequency of its tone in Hz; 0 is silence. */
  frequency = 0;
  /** Set for SRTP. */
  srtp: Protection | undefined;
  codec: AudioAgreement['codec'] = { name: 'PCMU', payloadType: 0 };
  /** Timestamp steps for each sample, where they differ from those of the codec. */
  ticks: number | undefined;
  sequence = 1000;
  timestamp = 160_000;
  ssrc = 0x1234;
  #clock: Clock;
  #socket: Datagrams;
  #timer: Timer | undefined;
  #dueAt = 0;
  #samples = 0;
  /** By name: the codecs that it has used. A test may change `codec` in the middle of a call. */
  #codecs = new Map<string, Codec>();

  static async open(clock: Clock, network: Network, at: Endpoint): Promise<Phone> {
    const socket = await network.bind(at, (data) => phone.#take(data));
    const phone = new Phone(clock, socket);
    return phone;
  }

  private constructor(clock: Clock, socket: Datagrams) {
    this.#clock = clock;
    this.#socket = socket;
    this.local = socket.local;
  }

  /** Sends a packet every 20 ms from now on. */
  talk(to: Endpoint, frequency = this.frequency): void {
    this.target = to;
    this.frequency = frequency;
    this.#timer?.cancel();
    this.#dueAt = this.#clock.monotonic() + 10;
    this.#timer = this.#clock.after(10, () => this.#beat());
  }

  stopTalking(): void {
    this.#timer?.cancel();
  }

  close(): void {
    this.stopTalking();
    void this.#socket.close();
  }

  /** Sends one packet with the next sequence number. */
  send(
    payloadType: number,
    payload: Uint8Array,
    fields: { marker?: boolean; timestamp?: number } = {},
  ): void {
    const header = new RtpHeader();
    const { sequence, timestamp, ssrc } = this;
    Object.assign(header, { payloadType, sequence, timestamp, ssrc, ...fields });
    const packet = Buffer.alloc(RTP_HEADER + payload.length);
    header.write(packet);
    packet.set(payload, RTP_HEADER);
    this.sequence = (this.sequence + 1) & 0xffff;
    if (this.target) this.#socket.send(this.#sealed(packet), this.target);
  }

  /** Sends a datagram unchanged, from its RTP port. */
  sendRaw(datagram: Buffer, to: Endpoint): void {
    this.#socket.send(datagram, to);
  }

  /** The audio received since packet number `from`. */
  sound(from = 0, to = this.heard.length): Int16Array {
    const packets = this.heard.slice(from, to);
    const samples = new Int16Array(packets.length * FRAME_SAMPLES);
    for (const [i, packet] of packets.entries()) samples.set(packet.samples, i * FRAME_SAMPLES);
    return samples;
  }

  #beat(): void {
    const samples = new Int16Array(FRAME_SAMPLES);
    for (let i = 0; i < FRAME_SAMPLES; i++)
      samples[i] = 10_000 * Math.sin((2 * Math.PI * this.frequency * this.#samples++) / 8000);
    const own = this.#codecNow();
    const octets = new Uint8Array(LONGEST_PAYLOAD);
    const length = own.encode(samples, octets, 0);
    this.said.push(octets.subarray(0, length));
    this.send(this.codec.payloadType, octets.subarray(0, length));
    this.timestamp = (this.timestamp + FRAME_SAMPLES * (this.ticks ?? own.ticks)) >>> 0;
    // Catches up when a busy machine has delayed the timer.
    this.#dueAt += 20;
    this.#timer = this.#clock.after(Math.max(0, this.#dueAt - this.#clock.monotonic()), () => this.#beat());
  }

  #codecNow(): Codec {
    const { name } = this.codec;
    const codec = this.#codecs.get(name) ?? openCodec(name);
    this.#codecs.set(name, codec);
    return codec;
  }

  #sealed(packet: Buffer): Buffer {
    if (!this.srtp) return packet;
    const buffer = Buffer.concat([packet, Buffer.alloc(RTP_TAG_BYTES)]);
    return buffer.subarray(0, this.srtp.send.protect(buffer, packet.length));
  }

  #take(sealed: Buffer): void {
    const header = new RtpHeader();
    const length =
      this.srtp && !isRtcp(sealed, 0, sealed.length)
        ? this.srtp.receive.unprotect(sealed, sealed.length)
        : sealed.length;
    const data = sealed.subarray(0, length ?? 0);
    if (isRtcp(data, 0, data.length) || header.read(data, 0, data.length) !== null) return;
    const octets = data.subarray(header.payloadOffset, header.payloadOffset + header.payloadLength);
    const samples = new Int16Array(FRAME_SAMPLES);
    if (header.payloadType === this.codec.payloadType) {
      this.#codecNow().decode(octets, 0, octets.length, samples);
    }
    this.heard.push({ at: this.#clock.monotonic(), header, octets, samples });
  }
}
