import type { Random } from '../core/index.ts';
import type { ReceptionReport } from './reception.ts';

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const DESCRIPTION = 202;
const GOODBYE = 203;
const CNAME = 1;
const REPORT_BLOCK = 24;

/** What a sender report says of its sender (RFC 3550 §6.4.1). */
export interface SenderInfo {
  /** Wall-clock milliseconds since 1970, and the RTP timestamp of the same moment. */
  nowMs: number;
  timestamp: number;
  packets: number;
  /** Octets of payload. */
  octets: number;
}

/**
 * Writes a compound packet: SR or, without `sender`, RR; then the CNAME.
 * @returns its length; `bytes` has room for 72 octets and the CNAME.
 */
export function writeReport(
  bytes: Buffer,
  ssrc: number,
  cname: string,
  sender: SenderInfo | null,
  reception: ReceptionReport | null,
): number {
  const type = sender ? SENDER_REPORT : RECEIVER_REPORT;
  const length = 8 + (sender ? 20 : 0) + (reception ? REPORT_BLOCK : 0);
  writeHead(bytes, 0, reception ? 1 : 0, type, length, ssrc);
  if (sender) writeSender(bytes, 8, sender);
  if (reception) writeBlock(bytes, length - REPORT_BLOCK, reception);
  return writeDescription(bytes, length, ssrc, cname);
}

/** Appends a BYE at `offset`, behind a report. @returns the length of it all. */
export function writeBye(bytes: Buffer, offset: number, ssrc: number): number {
  writeHead(bytes, offset, 1, GOODBYE, 8, ssrc);
  return offset + 8;
}

/** What is found in the RTCP of a peer. */
export interface RtcpHandler {
  /** @param middle the middle 32 bits of the NTP time, to be given back in report blocks. */
  senderReport(ssrc: number, middle: number): void;
  /** What `reporter` says of the packets of `report.ssrc`. The object is overwritten by the next. */
  reception(reporter: number, report: ReceptionReport): void;
  bye(ssrc: number): void;
}

const block: ReceptionReport = {
  ssrc: 0,
  fractionLost: 0,
  cumulativeLost: 0,
  highestSequence: 0,
  jitter: 0,
  lastSenderReport: 0,
  sinceSenderReport: 0,
};

/**
 * Reads a compound packet of `length` octets from `offset`. What is unknown is passed over; what is broken ends
 * the reading. @returns whether the whole of it was sound.
 */
export function readRtcp(bytes: Buffer, offset: number, length: number, handler: RtcpHandler): boolean {
  const end = offset + length;
  let at = offset;
  while (at + 4 <= end) {
    const size = 4 + 4 * bytes.readUInt16BE(at + 2);
    if (bytes[at]! >> 6 !== 2 || at + size > end) return false;
    readPacket(bytes, at, size, handler);
    at += size;
  }
  return at === end && length > 0;
}

/**
 * RFC 3550 A.7 for two parties: when the next report is due, in milliseconds from now. About five seconds, half
 * of it for the first, spread so that many calls that began together do not report together.
 */
export function reportInterval(random: Random, first: boolean): number {
  const minimum = first ? 2500 : 5000;
  // e − 3/2 makes up for what reconsideration takes away.
  return (minimum * (0.5 + random.float())) / (Math.E - 1.5);
}

/** How long a packet took there and back, in milliseconds, from a peer's block about our packets; null if unknown. */
export function roundTrip(report: ReceptionReport, nowMs: number): number | null {
  if (report.lastSenderReport === 0) return null;
  const ticks = (ntpMiddle(nowMs) - report.lastSenderReport - report.sinceSenderReport) | 0;
  return ticks < 0 ? null : ticks / 65.536;
}

/** The middle 32 bits of the NTP time of a moment in milliseconds since 1970: 65536ths of a second. */
export const ntpMiddle = (ms: number): number =>
  Number((BigInt(ntpSeconds(ms)) << 16n) & 0xffffffffn) + (ntpFraction(ms) >>> 16);

/** Seconds from 1900 to 1970. */
const NTP_EPOCH = 2_208_988_800;
const ntpSeconds = (ms: number): number => (Math.floor(ms / 1000) + NTP_EPOCH) % 2 ** 32;
const ntpFraction = (ms: number): number => Math.floor(((ms % 1000) / 1000) * 2 ** 32);

function writeHead(
  bytes: Buffer,
  at: number,
  count: number,
  type: number,
  length: number,
  ssrc: number,
): void {
  bytes[at] = 0x80 | count;
  bytes[at + 1] = type;
  bytes.writeUInt16BE(length / 4 - 1, at + 2);
  bytes.writeUInt32BE(ssrc, at + 4);
}

function writeSender(bytes: Buffer, at: number, { nowMs, timestamp, packets, octets }: SenderInfo): void {
  bytes.writeUInt32BE(ntpSeconds(nowMs), at);
  bytes.writeUInt32BE(ntpFraction(nowMs), at + 4);
  bytes.writeUInt32BE(timestamp >>> 0, at + 8);
  bytes.writeUInt32BE(packets >>> 0, at + 12);
  bytes.writeUInt32BE(octets >>> 0, at + 16);
}

function writeBlock(bytes: Buffer, at: number, report: ReceptionReport): void {
  bytes.writeUInt32BE(report.ssrc, at);
  bytes[at + 4] = report.fractionLost;
  bytes.writeIntBE(Math.max(-0x800000, Math.min(0x7fffff, report.cumulativeLost)), at + 5, 3);
  bytes.writeUInt32BE(report.highestSequence >>> 0, at + 8);
  bytes.writeUInt32BE(report.jitter >>> 0, at + 12);
  bytes.writeUInt32BE(report.lastSenderReport >>> 0, at + 16);
  bytes.writeUInt32BE(report.sinceSenderReport >>> 0, at + 20);
}

function writeDescription(bytes: Buffer, at: number, ssrc: number, cname: string): number {
  const name = Math.min(255, Buffer.byteLength(cname));
  // RFC 3550 §6.5: the list of items ends with one to four null octets, at a multiple of four.
  const length = 8 + 4 * Math.ceil((2 + name + 1) / 4);
  bytes.fill(0, at, at + length);
  writeHead(bytes, at, 1, DESCRIPTION, length, ssrc);
  bytes[at + 8] = CNAME;
  bytes[at + 9] = name;
  bytes.write(cname, at + 10, name);
  return at + length;
}

function readPacket(bytes: Buffer, at: number, size: number, handler: RtcpHandler): void {
  const count = bytes[at]! & 0x1f;
  const type = bytes[at + 1]!;
  if (type === GOODBYE) {
    for (let n = 0; n < count && 8 + 4 * n <= size; n++) handler.bye(bytes.readUInt32BE(at + 4 + 4 * n));
  }
  if (type !== SENDER_REPORT && type !== RECEIVER_REPORT) return;
  const first = type === SENDER_REPORT ? 28 : 8;
  if (size < first) return;
  const ssrc = bytes.readUInt32BE(at + 4);
  if (type === SENDER_REPORT) handler.senderReport(ssrc, bytes.readUInt32BE(at + 10));
  for (let n = 0; n < count && first + REPORT_BLOCK * (n + 1) <= size; n++) {
    readBlock(bytes, at + first + REPORT_BLOCK * n);
    handler.reception(ssrc, block);
  }
}

function readBlock(bytes: Buffer, at: number): void {
  block.ssrc = bytes.readUInt32BE(at);
  block.fractionLost = bytes[at + 4]!;
  block.cumulativeLost = bytes.readIntBE(at + 5, 3);
  block.highestSequence = bytes.readUInt32BE(at + 8);
  block.jitter = bytes.readUInt32BE(at + 12);
  block.lastSenderReport = bytes.readUInt32BE(at + 16);
  block.sinceSenderReport = bytes.readUInt32BE(at + 20);
}
