import { createCipheriv, hash } from 'node:crypto';

/** Octets of a master key and its salt, as SDP exchanges them (AES_CM_128_HMAC_SHA1_80, RFC 4568). */
export const MASTER_BYTES = 30;
/** Octets of the tag of an RTP packet (unless the suite has a tag of 32 bits) and of every RTCP packet. */
export const RTP_TAG_BYTES = 10;
const RTCP_INDEX_BYTES = 4;
/** Octets that protection adds to an RTCP packet: its index, then the tag. */
export const RTCP_TRAILER_BYTES = RTCP_INDEX_BYTES + RTP_TAG_BYTES;

const KEY_BYTES = 16;
const SALT_BYTES = 14;
const AUTH_BYTES = 20;
const BLOCK = 16;
/** Replay window in packets; RFC 3711 §3.3.2 requires at least 64. */
const WINDOW = 128;
/** Most sources per call. A far end never has more, unless it is broken or hostile. */
const MAX_STREAMS = 16;
/** Longest packet in octets; more than an Ethernet frame can carry. */
const MAX_PACKET = 2048;

/** Parameters that differ between the suites and keys of RFC 4568. */
export interface SrtpParameters {
  /** Octets of the RTP tag: 4 with AES_CM_128_HMAC_SHA1_32, whose RTCP tag has 10 (RFC 4568 §6.2.2). */
  tagBytes?: 4 | 10 | undefined;
  /** Octets of the key identifier before the tag (RFC 3711 §3.1) of received packets. Sent packets have none. */
  mkiBytes?: number | undefined;
}

/** Protects or unprotects one direction of a call: all packets sent, or all received, under one key. */
export class SrtpContext {
  #rtp: Transform;
  #rtcp: Transform;
  #tagBytes: number;
  #mkiBytes: number;
  #streams = new Map<number, Stream>();

  /** @param master 30 bytes: key and salt. */
  constructor(master: Uint8Array, { tagBytes = RTP_TAG_BYTES, mkiBytes = 0 }: SrtpParameters = {}) {
    if (master.length !== MASTER_BYTES) throw new Error(`a master key has ${MASTER_BYTES} bytes`);
    this.#tagBytes = tagBytes;
    this.#mkiBytes = mkiBytes;
    this.#rtp = new Transform(master, 0);
    this.#rtcp = new Transform(master, 3);
  }

  /** Encrypts and signs an RTP packet in place. @param packet at least 10 octets longer. @returns the new length. */
  protect(packet: Buffer, length: number): number {
    const stream = this.#stream(packet.readUInt32BE(8));
    const index = stream.next(packet.readUInt16BE(2));
    const payload = headerLength(packet, length);
    this.#rtp.crypt(packet, payload, length, stream.ssrc, index);
    const roc = Math.floor(index / 0x10000);
    packet.write(this.#rtp.sign(packet, length, roc), length, this.#tagBytes, 'latin1');
    return length + this.#tagBytes;
  }

  /**
   * Checks and decrypts an RTP packet in place.
   * @returns the length without the tag; undefined, with the packet unchanged, if it is forged, repeated, old or malformed.
   */
  unprotect(packet: Buffer, length: number): number | undefined {
    // With one key in use, the tag already proves what the identifier says.
    const end = length - this.#tagBytes - this.#mkiBytes;
    const payload = headerLength(packet, end);
    if (payload > end || length > MAX_PACKET) return undefined;
    const ssrc = packet.readUInt32BE(8);
    const known = this.#streams.get(ssrc);
    const index = known?.guess(packet.readUInt16BE(2)) ?? packet.readUInt16BE(2);
    if (known && !known.isNew(index)) return undefined;
    const tag = this.#rtp.sign(packet, end, Math.floor(index / 0x10000));
    if (!sameTag(tag, packet, length - this.#tagBytes, this.#tagBytes)) return undefined;
    // Only an authenticated packet may add a source, up to a limit.
    if (!known && this.#streams.size >= MAX_STREAMS) return undefined;
    const stream = this.#stream(ssrc);
    stream.take(index);
    this.#rtp.crypt(packet, payload, end, ssrc, index);
    return end;
  }

  /** Encrypts and signs an RTCP packet in place. @param packet at least 14 octets longer. @returns the new length. */
  protectRtcp(packet: Buffer, length: number): number {
    const stream = this.#stream(packet.readUInt32BE(4));
    const index = ++stream.rtcpSent;
    this.#rtcp.crypt(packet, RTCP_CLEAR, length, stream.ssrc, index);
    packet.writeUInt32BE(0x80000000 + index, length);
    packet.write(this.#rtcp.sign(packet, length + 4), length + 4, RTP_TAG_BYTES, 'latin1');
    return length + RTCP_TRAILER_BYTES;
  }

  /** Checks and decrypts an RTCP packet in place. @returns as `unprotect`. */
  unprotectRtcp(packet: Buffer, length: number): number | undefined {
    const end = length - RTCP_TRAILER_BYTES - this.#mkiBytes;
    if (end < RTCP_CLEAR || length > MAX_PACKET) return undefined;
    const trailer = packet.readUInt32BE(end);
    const index = trailer & 0x7fffffff;
    const ssrc = packet.readUInt32BE(4);
    const known = this.#streams.get(ssrc);
    if (known && !known.isNewRtcp(index)) return undefined;
    const tag = this.#rtcp.sign(packet, end + RTCP_INDEX_BYTES);
    if (!sameTag(tag, packet, length - RTP_TAG_BYTES, RTP_TAG_BYTES)) return undefined;
    if (!known && this.#streams.size >= MAX_STREAMS) return undefined;
    const stream = this.#stream(ssrc);
    stream.takeRtcp(index);
    // The first bit of the trailer marks an encrypted packet (RFC 3711 §3.4).
    if (trailer >>> 31) this.#rtcp.crypt(packet, RTCP_CLEAR, end, ssrc, index);
    return end;
  }

  #stream(ssrc: number): Stream {
    const known = this.#streams.get(ssrc);
    if (known) return known;
    const stream = new Stream(ssrc);
    this.#streams.set(ssrc, stream);
    return stream;
  }
}

/** Octets of RTCP that stay readable: the header and SSRC of the first report (RFC 3711 §3.4). */
const RTCP_CLEAR = 8;

/** Length of an RTP header with sources and extension; more than `length` if it is malformed. */
function headerLength(packet: Buffer, length: number): number {
  if (length < 12) return Number.POSITIVE_INFINITY;
  const sources = 12 + 4 * (packet[0]! & 0x0f);
  if ((packet[0]! & 0x10) === 0) return sources;
  return sources + 4 > length ? Number.POSITIVE_INFINITY : sources + 4 + 4 * packet.readUInt16BE(sources + 2);
}

/** Compares tags in constant time. */
function sameTag(tag: string, packet: Buffer, at: number, bytes: number): boolean {
  let difference = 0;
  for (let byte = 0; byte < bytes; byte++) difference |= tag.charCodeAt(byte) ^ packet[at + byte]!;
  return difference === 0;
}

/** State of one source: rollover counter, highest sequence number, and replay window. */
class Stream {
  readonly ssrc: number;
  rtcpSent = 0;
  /** ROC × 65,536 + sequence number of the newest packet; −1 before the first. */
  #highest = -1;
  #seen = new Float64Array(WINDOW).fill(-1);
  #rtcpHighest = -1;
  #rtcpSeen = new Float64Array(WINDOW).fill(-1);

  constructor(ssrc: number) {
    this.ssrc = ssrc;
  }

  /** Index of a packet to be sent: sequence numbers only increase. */
  next(sequence: number): number {
    const index = this.guess(sequence);
    this.#highest = Math.max(this.#highest, index);
    return index;
  }

  /** The index closest to the newest one (RFC 3711 §3.3.1). */
  guess(sequence: number): number {
    if (this.#highest < 0) return sequence;
    const newest = this.#highest % 0x10000;
    const roc = this.#highest - newest;
    const ahead = sequence - newest;
    if (ahead > 0x8000 && roc > 0) return roc - 0x10000 + sequence;
    return (ahead < -0x8000 ? roc + 0x10000 : roc) + sequence;
  }

  isNew(index: number): boolean {
    return index > this.#highest - WINDOW && this.#seen[index % WINDOW] !== index;
  }

  take(index: number): void {
    this.#highest = Math.max(this.#highest, index);
    this.#seen[index % WINDOW] = index;
  }

  isNewRtcp(index: number): boolean {
    return index > this.#rtcpHighest - WINDOW && this.#rtcpSeen[index % WINDOW] !== index;
  }

  takeRtcp(index: number): void {
    this.#rtcpHighest = Math.max(this.#rtcpHighest, index);
    this.#rtcpSeen[index % WINDOW] = index;
  }
}

/** AES in counter mode and HMAC-SHA1 with session keys derived from a master key (RFC 3711 §4). */
class Transform {
  /** One cipher for all packets: creating one costs more than encrypting a packet. */
  #aes: ReturnType<typeof createCipheriv>;
  #salt: Buffer;
  /** Counters for the blocks of the longest packet. They differ only in their last two octets, which never change. */
  #counters = Buffer.alloc(MAX_PACKET);
  #words = new Uint32Array(this.#counters.buffer, this.#counters.byteOffset, MAX_PACKET / 4);
  #halves = new Uint16Array(this.#counters.buffer, this.#counters.byteOffset, MAX_PACKET / 2);
  /** Buffers of HMAC (RFC 2104) that begin with the pads of the key; the message follows. */
  #inner = Buffer.alloc(64 + MAX_PACKET + 4);
  #outer = Buffer.alloc(64 + 20);

  /** @param label 0 for RTP, 3 for RTCP (RFC 3711 §4.3.2); the next two label authentication and salt. */
  constructor(master: Uint8Array, label: number) {
    this.#aes = aes(derive(master, label, KEY_BYTES));
    const secret = derive(master, label + 1, AUTH_BYTES);
    this.#salt = derive(master, label + 2, SALT_BYTES);
    for (let block = 0; block < MAX_PACKET / BLOCK; block++) {
      this.#salt.copy(this.#counters, block * BLOCK);
      this.#counters.writeUInt16BE(block, block * BLOCK + SALT_BYTES);
    }
    for (let at = 0; at < 64; at++) {
      this.#inner[at] = (secret[at] ?? 0) ^ 0x36;
      this.#outer[at] = (secret[at] ?? 0) ^ 0x5c;
    }
  }

  /** Encrypts or decrypts from `start` to `end`. */
  crypt(packet: Buffer, start: number, end: number, ssrc: number, index: number): void {
    const length = end - start;
    if (length <= 0) return;
    const stream = this.#keystream(Math.ceil(length / BLOCK), ssrc, index);
    for (let at = 0; at < length; at++) packet[start + at]! ^= stream[at]!;
  }

  /**
   * HMAC-SHA1 of the first `length` octets and, for RTP, the rollover counter. The result is a string with one character
   * per octet: Node creates it in a third of the time of a buffer.
   */
  sign(packet: Buffer, length: number, roc?: number): string {
    packet.copy(this.#inner, 64, 0, length);
    let end = 64 + length;
    if (roc !== undefined) end = this.#inner.writeUInt32BE(roc, end);
    this.#outer.write(hash('sha1', this.#inner.subarray(0, end), 'binary'), 64, 'latin1');
    return hash('sha1', this.#outer, 'binary');
  }

  /** Keystream: the salt XORed with SSRC and index, counted up in its last two octets (RFC 3711 §4.1.1). */
  #keystream(blocks: number, ssrc: number, index: number): Buffer {
    const [counters, salt, words, halves] = [this.#counters, this.#salt, this.#words, this.#halves];
    const high = Math.floor(index / 0x10000);
    counters.writeUInt32BE((salt.readUInt32BE(4) ^ ssrc) >>> 0, 4);
    counters.writeUInt32BE((salt.readUInt32BE(8) ^ high) >>> 0, 8);
    counters.writeUInt16BE((salt.readUInt16BE(12) ^ index) & 0xffff, 12);
    for (let block = 1; block < blocks; block++) {
      words[block * 4 + 1] = words[1]!;
      words[block * 4 + 2] = words[2]!;
      halves[block * 8 + 6] = halves[6]!;
    }
    return this.#aes.update(counters.subarray(0, blocks * BLOCK)) as Buffer;
  }
}

/** Encrypts single blocks; counter mode writes the counters itself. */
function aes(key: Uint8Array) {
  const cipher = createCipheriv('aes-128-ecb', key, null);
  cipher.setAutoPadding(false);
  return cipher;
}

/** Key derivation with a rate of 0 (RFC 3711 §4.3.3). */
function derive(master: Uint8Array, label: number, length: number): Buffer {
  const counters = Buffer.alloc(2 * BLOCK);
  counters.set(master.subarray(KEY_BYTES));
  counters[7]! ^= label;
  counters.copyWithin(BLOCK, 0, BLOCK);
  counters[2 * BLOCK - 1] = 1;
  return aes(master.subarray(0, KEY_BYTES)).update(counters).subarray(0, length);
}
