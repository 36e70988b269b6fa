import { expect, it } from 'vitest';
import { RtpHeader } from './packet.ts';
import { Reception, type ReceptionReport } from './reception.ts';

const header = new RtpHeader();
const packet = (reception: Reception, n: number, arrivalMs = n * 20, ssrc = 1) =>
  reception.packet(
    Object.assign(header, { sequence: n & 0xffff, timestamp: (n * 160) >>> 0, ssrc }),
    arrivalMs,
  );
const reportOf = (reception: Reception, nowMs = 0) => {
  const report = {} as ReceptionReport;
  reception.report(report, nowMs);
  return report;
};

it('counts what is lost, in all and since the last report', () => {
  const reception = new Reception();
  for (let n = 0; n < 100; n++) if (n % 4 !== 1) packet(reception, n);
  expect(reportOf(reception)).toMatchObject({
    ssrc: 1,
    fractionLost: 64,
    cumulativeLost: 25,
    highestSequence: 99,
  });
  for (let n = 100; n < 200; n++) packet(reception, n);
  expect(reportOf(reception)).toMatchObject({ fractionLost: 0, cumulativeLost: 25 });
  expect(reception.lost).toBe(25);
});

it('counts on when sequence numbers wrap', () => {
  const reception = new Reception();
  for (let n = 65_500; n < 65_600; n++) packet(reception, n);
  expect(reportOf(reception)).toMatchObject({ cumulativeLost: 0, highestSequence: 65_599 });
});

it('takes packets that were overtaken for what they are', () => {
  const reception = new Reception();
  for (const n of [10, 12, 11, 14, 13]) packet(reception, n);
  expect(reportOf(reception)).toMatchObject({ cumulativeLost: 0, highestSequence: 14 });
});

it('does not call it a loss when packets come twice', () => {
  const reception = new Reception();
  for (const n of [1, 1, 2, 2]) packet(reception, n);
  expect(reportOf(reception)).toMatchObject({ fractionLost: 0, cumulativeLost: -2 });
  expect(reception.lost).toBe(0);
});

it('measures no jitter on an even stream, and nearly all of an uneven one', () => {
  const even = new Reception();
  const uneven = new Reception();
  for (let n = 0; n < 500; n++) {
    packet(even, n);
    packet(uneven, n, n * 20 + (n % 2) * 10);
  }
  expect(even.jitterMs).toBe(0);
  expect(uneven.jitterMs).toBeCloseTo(10, 1);
  expect(reportOf(uneven).jitter).toBeGreaterThanOrEqual(79);
});

it('does not take a jump of the timestamps for jitter', () => {
  const reception = new Reception();
  for (let n = 0; n < 50; n++) packet(reception, n);
  reception.packet(Object.assign(header, { sequence: 50, timestamp: 4_000_000_000 }), 1000);
  expect(reception.jitterMs).toBe(0);
});

it('gives the last sender report back, with its age', () => {
  const reception = new Reception();
  packet(reception, 1);
  expect(reportOf(reception, 500)).toMatchObject({ lastSenderReport: 0, sinceSenderReport: 0 });
  reception.senderReport(0x12345678, 1000);
  expect(reportOf(reception, 1500)).toMatchObject({
    lastSenderReport: 0x12345678,
    sinceSenderReport: 32_768,
  });
});

it('begins anew with another numbering', () => {
  const reception = new Reception();
  for (const n of [1, 2, 40_000, 40_001]) packet(reception, n);
  expect(reportOf(reception)).toMatchObject({ cumulativeLost: 0, highestSequence: 40_001 });
});

it('begins anew with another source', () => {
  const reception = new Reception();
  for (const n of [1, 9]) packet(reception, n);
  packet(reception, 500, 0, 2);
  expect(reportOf(reception)).toMatchObject({ ssrc: 2, cumulativeLost: 0, highestSequence: 500 });
  expect(reception.received).toBe(1);
});
