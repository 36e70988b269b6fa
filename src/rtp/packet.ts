/** Reasons why bytes are not an RTP packet. */
export type RtpFault =
  | 'shorter than a header'
  | 'not version 2'
  | 'contributing sources beyond the end'
  | 'extension beyond the end'
  | 'padding beyond the payload';

/** Octets of an RTP header without contributing sources and extension. */
export const RTP_HEADER = 12;

/** The fields of one RTP packet (RFC 3550 §5.1). One object serves a whole stream: `read` overwrites it. */
export class RtpHeader {
  marker = false;
  /** 0–127. */
  payloadType = 0;
  /** 0–65535. */
  sequence = 0;
  /** 0–4294967295, in samples. */
  timestamp = 0;
  /** 0–4294967295. */
  ssrc = 0;
  /** Offset of the payload in the buffer that was read. */
  payloadOffset = RTP_HEADER;
  /** Octets of payload, without padding. */
  payloadLength = 0;

  /** Reads `length` octets from `offset` and sets the fields. @returns null, or the reason why it is not a packet. */
  read(bytes: Buffer, offset: number, length: number): RtpFault | null {
    if (length < RTP_HEADER) return 'shorter than a header';
    const first = bytes[offset]!;
    if (first >> 6 !== 2) return 'not version 2';
    let start = RTP_HEADER + 4 * (first & 0x0f);
    if (start > length) return 'contributing sources beyond the end';
    if (first & 0x10) {
      if (start + 4 > length) return 'extension beyond the end';
      start += 4 + 4 * bytes.readUInt16BE(offset + start + 2);
      if (start > length) return 'extension beyond the end';
    }
    const padding = first & 0x20 ? bytes[offset + length - 1]! : 0;
    // The count of padding octets includes itself, so zero is invalid too (RFC 3550 §5.1).
    if (first & 0x20 && (padding === 0 || padding > length - start)) return 'padding beyond the payload';
    this.payloadOffset = offset + start;
    this.payloadLength = length - start - padding;
    this.#readFixed(bytes, offset);
    return null;
  }

  #readFixed(bytes: Buffer, offset: number): void {
    const second = bytes[offset + 1]!;
    this.marker = second > 127;
    this.payloadType = second & 0x7f;
    this.sequence = bytes.readUInt16BE(offset + 2);
    this.timestamp = bytes.readUInt32BE(offset + 4);
    this.ssrc = bytes.readUInt32BE(offset + 8);
  }

  /** Writes a header of twelve octets at `offset`; the payload follows it. */
  write(bytes: Buffer, offset = 0): void {
    bytes[offset] = 0x80;
    bytes[offset + 1] = (this.marker ? 0x80 : 0) | this.payloadType;
    bytes.writeUInt16BE(this.sequence, offset + 2);
    bytes.writeUInt32BE(this.timestamp, offset + 4);
    bytes.writeUInt32BE(this.ssrc, offset + 8);
  }
}

/**
 * Reports whether a packet is RTCP, on a port that carries RTP too. The second octet of RTCP is 192–223, which in RTP
 * would be a marker and an unassigned payload type of 64–95 (RFC 5761 §4).
 */
export const isRtcp = (bytes: Uint8Array, offset: number, length: number): boolean =>
  length >= 8 && bytes[offset + 1]! >= 192 && bytes[offset + 1]! <= 223;

/** Distance of sequence number `a` from `b`, modulo 2^16: −32768 to 32767. */
export const sequenceDistance = (a: number, b: number): number => ((a - b) << 16) >> 16;

/** The sequence number `steps` later. */
export const sequenceAfter = (sequence: number, steps = 1): number => (sequence + steps) & 0xffff;

/** Distance of timestamp `a` from `b`, modulo 2^32: −2147483648 to 2147483647. */
export const timestampDistance = (a: number, b: number): number => (a - b) | 0;

/** The timestamp `samples` later. */
export const timestampAfter = (timestamp: number, samples: number): number => (timestamp + samples) >>> 0;
