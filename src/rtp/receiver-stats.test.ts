import { expect, it } from 'vitest';
import { RtpHeader } from './packet.ts';
import { ReceiverStats, type ReportBlock } from './receiver-stats.ts';

const header = new RtpHeader();
const packet = (stats: ReceiverStats, n: number, arrivalMs = n * 20, ssrc = 1) =>
  stats.packet(Object.assign(header, { sequence: n & 0xffff, timestamp: (n * 160) >>> 0, ssrc }), arrivalMs);
const reportOf = (stats: ReceiverStats, nowMs = 0) => {
  const report = {} as ReportBlock;
  stats.report(report, nowMs);
  return report;
};

it('counts losses in total and since the last report', () => {
  const stats = new ReceiverStats();
  for (let n = 0; n < 100; n++) if (n % 4 !== 1) packet(stats, n);
  expect(reportOf(stats)).toMatchObject({
    ssrc: 1,
    fractionLost: 64,
    cumulativeLost: 25,
    highestSequence: 99,
  });
  for (let n = 100; n < 200; n++) packet(stats, n);
  expect(reportOf(stats)).toMatchObject({ fractionLost: 0, cumulativeLost: 25 });
  expect(stats.lost).toBe(25);
});

it('continues counting when sequence numbers wrap', () => {
  const stats = new ReceiverStats();
  for (let n = 65_500; n < 65_600; n++) packet(stats, n);
  expect(reportOf(stats)).toMatchObject({ cumulativeLost: 0, highestSequence: 65_599 });
});

it('does not count reordered packets as lost', () => {
  const stats = new ReceiverStats();
  for (const n of [10, 12, 11, 14, 13]) packet(stats, n);
  expect(reportOf(stats)).toMatchObject({ cumulativeLost: 0, highestSequence: 14 });
});

it('reports no loss when packets arrive twice', () => {
  const stats = new ReceiverStats();
  for (const n of [1, 1, 2, 2]) packet(stats, n);
  expect(reportOf(stats)).toMatchObject({ fractionLost: 0, cumulativeLost: -2 });
  expect(stats.lost).toBe(0);
});

it('measures no jitter on an even stream and the jitter of an uneven one', () => {
  const even = new ReceiverStats();
  const uneven = new ReceiverStats();
  for (let n = 0; n < 500; n++) {
    packet(even, n);
    packet(uneven, n, n * 20 + (n % 2) * 10);
  }
  expect(even.jitterMs).toBe(0);
  expect(uneven.jitterMs).toBeCloseTo(10, 1);
  expect(reportOf(uneven).jitter).toBeGreaterThanOrEqual(79);
});

it('does not count a jump of the timestamps as jitter', () => {
  const stats = new ReceiverStats();
  for (let n = 0; n < 50; n++) packet(stats, n);
  stats.packet(Object.assign(header, { sequence: 50, timestamp: 4_000_000_000 }), 1000);
  expect(stats.jitterMs).toBe(0);
});

it('reports the last sender report and its age', () => {
  const stats = new ReceiverStats();
  packet(stats, 1);
  expect(reportOf(stats, 500)).toMatchObject({ lastSenderReport: 0, sinceSenderReport: 0 });
  stats.senderReport(0x12345678, 1000);
  expect(reportOf(stats, 1500)).toMatchObject({
    lastSenderReport: 0x12345678,
    sinceSenderReport: 32_768,
  });
});

it('resets with a new numbering', () => {
  const stats = new ReceiverStats();
  for (const n of [1, 2, 40_000, 40_001]) packet(stats, n);
  expect(reportOf(stats)).toMatchObject({ cumulativeLost: 0, highestSequence: 40_001 });
});

it('resets with a new source', () => {
  const stats = new ReceiverStats();
  for (const n of [1, 9]) packet(stats, n);
  packet(stats, 500, 0, 2);
  expect(reportOf(stats)).toMatchObject({ ssrc: 2, cumulativeLost: 0, highestSequence: 500 });
  expect(stats.received).toBe(1);
});
