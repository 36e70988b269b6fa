import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isRtcp,
  RtpHeader,
  sequenceAfter,
  sequenceDistance,
  timestampAfter,
  timestampDistance,
} from './packet.ts';

const read = (hex: string, offset = 0) => {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const header = new RtpHeader();
  return { header, fault: header.read(bytes, offset, bytes.length - offset) };
};

describe('reading an RTP packet', () => {
  it('finds every field and the payload', () => {
    const { header, fault } = read('80 88 ffff 01020304 0a0b0c0d d5d5d5');
    expect(fault).toBeNull();
    expect(header).toMatchObject({ marker: true, payloadType: 8, sequence: 0xffff, timestamp: 0x01020304 });
    expect(header).toMatchObject({ ssrc: 0x0a0b0c0d, payloadOffset: 12, payloadLength: 3 });
  });

  it('skips contributing sources, an extension and padding', () => {
    const { header, fault } = read(
      'b2 00 0001 00000002 00000003 11111111 22222222 bede0001 aabbccdd ff fe 00 02',
    );
    expect(fault).toBeNull();
    expect(header).toMatchObject({ payloadOffset: 28, payloadLength: 2 });
  });

  it('accepts a packet without payload', () => {
    expect(read('80 00 0001 00000002 00000003').header.payloadLength).toBe(0);
  });

  it('starts at the given offset', () => {
    const { header } = read('eeee 80 00 0001 00000002 00000003 7f', 2);
    expect(header).toMatchObject({ sequence: 1, payloadOffset: 14, payloadLength: 1 });
  });

  it.each([
    ['shorter than a header', '80 00 0001 00000002 000000'],
    ['not version 2', '40 00 0001 00000002 00000003'],
    ['contributing sources beyond the end', '8f 00 0001 00000002 00000003 11111111'],
    ['extension beyond the end', '90 00 0001 00000002 00000003 be'],
    ['extension beyond the end', '90 00 0001 00000002 00000003 bede ffff 00'],
    ['padding beyond the payload', 'a0 00 0001 00000002 00000003 00 00'],
    ['padding beyond the payload', 'a0 00 0001 00000002 00000003 ff 03'],
    ['padding beyond the payload', 'a0 00 0001 00000002 00000003'],
  ])('reports %s', (reason, hex) => {
    expect(read(hex).fault).toBe(reason);
  });

  it('never points outside the buffer, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(8), (bytes, offset) => {
        const packet = Buffer.concat([Buffer.alloc(offset), bytes]);
        if (bytes.length > 0) packet[offset] = 0x80 | (packet[offset]! & 0x3f);
        const header = new RtpHeader();
        if (header.read(packet, offset, bytes.length)) return;
        expect(header.payloadOffset).toBeGreaterThanOrEqual(offset + 12);
        expect(header.payloadLength).toBeGreaterThanOrEqual(0);
        expect(header.payloadOffset + header.payloadLength).toBeLessThanOrEqual(packet.length);
      }),
    );
  });
});

it('reads back what it wrote', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.nat(127),
      fc.nat(0xffff),
      fc.nat(0xffffffff),
      fc.nat(0xffffffff),
      (marker, payloadType, sequence, timestamp, ssrc) => {
        const fields = { marker, payloadType, sequence, timestamp, ssrc };
        const bytes = Buffer.alloc(20);
        Object.assign(new RtpHeader(), fields).write(bytes, 4);
        const header = new RtpHeader();
        expect(header.read(bytes, 4, 16)).toBeNull();
        expect(header).toMatchObject({ ...fields, payloadOffset: 16, payloadLength: 4 });
      },
    ),
  );
});

it('distinguishes RTCP from RTP on one port', () => {
  const bytes = (second: number) => Uint8Array.of(0x80, second, 0, 1, 0, 0, 0, 0);
  expect([200, 203, 205, 192, 223].every((type) => isRtcp(bytes(type), 0, 8))).toBe(true);
  expect([0, 8, 101, 128, 136, 229, 255].some((type) => isRtcp(bytes(type), 0, 8))).toBe(false);
  expect(isRtcp(bytes(200), 0, 4)).toBe(false);
});

it('computes distances across the wrap', () => {
  expect(sequenceDistance(2, 0xfffe)).toBe(4);
  expect(sequenceDistance(0xfffe, 2)).toBe(-4);
  expect(sequenceAfter(0xffff)).toBe(0);
  expect(timestampDistance(100, 0xffffff9c)).toBe(200);
  expect(timestampDistance(0xffffff9c, 100)).toBe(-200);
  expect(timestampAfter(0xffffffff, 160)).toBe(159);
});
