import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../core/index.ts';
import type { ReportBlock } from './receiver-stats.ts';
import { ntpMiddle, readRtcp, reportInterval, roundTrip, writeBye, writeReport } from './rtcp.ts';

const report: ReportBlock = {
  ssrc: 0xfedcba98,
  fractionLost: 64,
  cumulativeLost: -3,
  highestSequence: 0x1ffff,
  jitter: 40,
  lastSenderReport: 0x89abcdef,
  sinceSenderReport: 65_536,
};
const sender = { nowMs: 1500, timestamp: 160_000, packets: 1000, octets: 160_000 };

function read(bytes: Buffer, offset = 0, length = bytes.length - offset) {
  const seen: unknown[] = [];
  const wellFormed = readRtcp(bytes, offset, length, {
    senderReport: (ssrc, middle) => seen.push({ ssrc, middle }),
    reportBlock: (reporter, block) => seen.push({ reporter, ...block }),
    bye: (ssrc) => seen.push({ bye: ssrc }),
  });
  return { wellFormed, seen };
}

const written = (...args: [typeof sender | null, ReportBlock | null]) => {
  const bytes = Buffer.alloc(200, 0xee);
  return { bytes, length: writeReport(bytes, 0x01020304, 'a@b.example', ...args) };
};

describe('a compound packet', () => {
  it('has the layout of RFC 3550 §6.4 and §6.5', () => {
    const { bytes, length } = written(sender, report);
    expect(bytes.subarray(0, length).toString('hex').match(/.{8}/g)).toEqual([
      ...['81c8000c', '01020304', '83aa7e81', '80000000', '00027100', '000003e8', '00027100'],
      ...['fedcba98', '40fffffd', '0001ffff', '00000028', '89abcdef', '00010000'],
      ...['81ca0005', '01020304', '010b6140', '622e6578', '616d706c', '65000000'],
    ]);
  });

  it('is a receiver report when nothing was sent', () => {
    const { bytes, length } = written(null, null);
    expect(bytes.subarray(0, 8).toString('hex')).toBe('80c9000101020304');
    expect(length).toBe(8 + 24);
  });

  it('is read back as written, including a BYE', () => {
    const { bytes, length } = written(sender, report);
    const end = writeBye(bytes, length, 0x01020304);
    expect(read(bytes, 0, end)).toEqual({
      wellFormed: true,
      seen: [
        { ssrc: 0x01020304, middle: 0x7e818000 },
        { reporter: 0x01020304, ...report },
        { bye: 0x01020304 },
      ],
    });
  });

  it('is read up to the first malformed packet', () => {
    const { bytes, length } = written(sender, report);
    bytes[length] = 0x80;
    const { wellFormed, seen } = read(bytes, 0, length + 4);
    expect(wellFormed).toBe(false);
    expect(seen.length).toBe(2);
  });

  it('is read even if it claims more blocks than it has', () => {
    expect(read(Buffer.from('9fc9000101020304', 'hex'))).toEqual({ wellFormed: true, seen: [] });
    expect(read(Buffer.from('9fcb000101020304', 'hex'))).toEqual({
      wellFormed: true,
      seen: [{ bye: 0x01020304 }],
    });
    expect(read(Buffer.from('81c8000101020304', 'hex'))).toEqual({ wellFormed: true, seen: [] });
  });

  it('is read without errors whatever its octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(200, 201, 202, 203), (octets, type) => {
        const bytes = Buffer.from(octets);
        if (bytes.length > 3) {
          bytes[0] = 0x80 | (bytes[0]! & 0x1f);
          bytes[1] = type;
          bytes[2] = 0;
          bytes[3] = bytes[3]! % 16;
        }
        expect(read(bytes).seen.length).toBeLessThanOrEqual(bytes.length / 4);
      }),
    );
  });
});

describe('NTP time', () => {
  it('is truncated to its middle 32 bits', () => {
    expect(ntpMiddle(0)).toBe(0x7e800000);
    expect(ntpMiddle(1500)).toBe(0x7e818000);
  });

  it('gives the round trip without the delay of the peer', () => {
    const now = Date.UTC(2026, 4, 29, 12);
    const block = { ...report, lastSenderReport: ntpMiddle(now - 1250), sinceSenderReport: 65_536 };
    expect(roundTrip(block, now)).toBeCloseTo(250, 0);
    expect(roundTrip({ ...block, lastSenderReport: 0 }, now)).toBeNull();
    expect(roundTrip({ ...block, sinceSenderReport: 2 * 65_536 }, now)).toBeNull();
  });

  it('spreads reports around five seconds, and half of that for the first', () => {
    const random = seededRandom(3);
    const intervals = Array.from({ length: 1000 }, () => reportInterval(random, false));
    expect(Math.min(...intervals)).toBeGreaterThan(2000);
    expect(Math.max(...intervals)).toBeLessThan(6200);
    expect(Math.max(...intervals) - Math.min(...intervals)).toBeGreaterThan(3500);
    expect(reportInterval(seededRandom(1), true)).toBeCloseTo(reportInterval(seededRandom(1), false) / 2);
  });
});
