import type { Random } from '../core/index.ts';
import type { ReportBlock } from './receiver-stats.ts';

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const DESCRIPTION = 202;
const GOODBYE = 203;
const CNAME = 1;
const REPORT_BLOCK = 24;

/** Sender information of a sender report (RFC 3550 §6.4.1). */
export interface SenderInfo {
  /** Wall-clock milliseconds since 1970. */
  nowMs: number;
  /** RTP timestamp of the same moment. */
  timestamp: number;
  packets: number;
  /** Octets of payload. */
  octets: number;
}

/**
 * Writes a compound packet: a sender report or, without `sender`, a receiver report; then the CNAME.
 * @param bytes at least 72 octets longer than the CNAME. @returns the length of the packet.
 */
export function writeReport(
  bytes: Buffer,
  ssrc: number,
  cname: string,
  sender: SenderInfo | null,
  reportBlock: ReportBlock | null,
): number {
  const type = sender ? SENDER_REPORT : RECEIVER_REPORT;
  const length = 8 + (sender ? 20 : 0) + (reportBlock ? REPORT_BLOCK : 0);
  writeHead(bytes, 0, reportBlock ? 1 : 0, type, length, ssrc);
  if (sender) writeSender(bytes, 8, sender);
  if (reportBlock) writeBlock(bytes, length - REPORT_BLOCK, reportBlock);
  return writeDescription(bytes, length, ssrc, cname);
}

/** Appends a BYE at `offset`, after a report. @returns the total length. */
export function writeBye(bytes: Buffer, offset: number, ssrc: number): number {
  writeHead(bytes, offset, 1, GOODBYE, 8, ssrc);
  return offset + 8;
}

/** Receives the contents of a compound packet. */
export interface RtcpHandler {
  /** @param middle middle 32 bits of the NTP time, which report blocks return. */
  senderReport(ssrc: number, middle: number): void;
  /** What `reporter` reports about the packets of `report.ssrc`. The next block overwrites the object. */
  reportBlock(reporter: number, report: ReportBlock): void;
  bye(ssrc: number): void;
}

const block: ReportBlock = {
  ssrc: 0,
  fractionLost: 0,
  cumulativeLost: 0,
  highestSequence: 0,
  jitter: 0,
  lastSenderReport: 0,
  sinceSenderReport: 0,
};

/**
 * Reads a compound packet of `length` octets from `offset`. Skips unknown packets and stops at a malformed one.
 * @returns whether the whole packet was well-formed.
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
 * Milliseconds until the next report, for two parties (RFC 3550 A.7). About five seconds, half of it for the first
 * report, randomized so that calls that started together do not report together.
 */
export function reportInterval(random: Random, first: boolean): number {
  const minimum = first ? 2500 : 5000;
  // e − 3/2 compensates for timer reconsideration.
  return (minimum * (0.5 + random.float())) / (Math.E - 1.5);
}

/** Round-trip time in milliseconds, from a peer's report block about our packets; null if unknown. */
export function roundTrip(report: ReportBlock, nowMs: number): number | null {
  if (report.lastSenderReport === 0) return null;
  const ticks = (ntpMiddle(nowMs) - report.lastSenderReport - report.sinceSenderReport) | 0;
  return ticks < 0 ? null : ticks / 65.536;
}

/** Middle 32 bits of the NTP time of a moment in milliseconds since 1970, in 65536ths of a second. */
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

function writeBlock(bytes: Buffer, at: number, report: ReportBlock): void {
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
  // One to four null octets end the list of items at a multiple of four (RFC 3550 §6.5).
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
    handler.reportBlock(ssrc, block);
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
