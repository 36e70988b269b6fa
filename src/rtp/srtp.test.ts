import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RTCP_TRAILER_BYTES, RTP_TAG_BYTES, SrtpContext } from './srtp.ts';

// The master key of RFC 3711 §B.3, which the test vectors of libsrtp use.
const MASTER = Buffer.from('e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6', 'hex');

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const padded = (packet: Buffer) => Buffer.concat([packet, Buffer.alloc(RTCP_TRAILER_BYTES)]);

/** An RTP packet with space for its tag. */
function rtp(sequence: number, payload = 'sound', ssrc = 0xcafebabe): { packet: Buffer; length: number } {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE(ssrc, 8);
  const bare = Buffer.concat([header, Buffer.from(payload)]);
  return { packet: padded(bare), length: bare.length };
}

function sealed(sender: SrtpContext, sequence: number, payload?: string): Buffer {
  const { packet, length } = rtp(sequence, payload);
  return packet.subarray(0, sender.protect(packet, length));
}

/** The payload of a packet that is accepted. */
function opened(receiver: SrtpContext, packet: Buffer): string | undefined {
  const copy = Buffer.from(packet);
  const length = receiver.unprotect(copy, copy.length);
  return length === undefined ? undefined : copy.toString('latin1', 12, length);
}

describe('an RTP packet', () => {
  test('is protected as libsrtp does it', () => {
    const plain = hex('800f1234 decafbad cafebabe abababab abababab abababab abababab');
    const expected = '800f1234 decafbad cafebabe 4e55dc4c e79978d8 8ca4d215 949d2402 b78d6acc 99ea179b 8dbb';
    const packet = padded(plain);
    const length = new SrtpContext(MASTER).protect(packet, plain.length);
    expect(packet.subarray(0, length)).toEqual(hex(expected));
    expect(length).toBe(plain.length + RTP_TAG_BYTES);
    expect(new SrtpContext(MASTER).unprotect(packet, length)).toBe(plain.length);
    expect(packet.subarray(0, plain.length)).toEqual(plain);
  });

  test('is restored, whatever its payload, sources and extension', () => {
    const shape = fc.record({
      payload: fc.uint8Array({ maxLength: 1400 }),
      sources: fc.integer({ min: 0, max: 15 }),
      extension: fc.option(fc.integer({ min: 0, max: 20 })),
      sequence: fc.integer({ min: 0, max: 0xffff }),
    });
    fc.assert(
      fc.property(shape, ({ payload, sources, extension, sequence }) => {
        const header = Buffer.alloc(12 + 4 * sources + (extension === null ? 0 : 4 + 4 * extension));
        header[0] = 0x80 | sources | (extension === null ? 0 : 0x10);
        header.writeUInt16BE(sequence, 2);
        if (extension !== null) header.writeUInt16BE(extension, 12 + 4 * sources + 2);
        const plain = Buffer.concat([header, payload]);
        const packet = padded(plain);
        const length = new SrtpContext(MASTER).protect(packet, plain.length);
        expect(packet.subarray(0, header.length)).toEqual(header);
        expect(new SrtpContext(MASTER).unprotect(packet, length)).toBe(plain.length);
        expect(packet.subarray(0, plain.length)).toEqual(plain);
      }),
      { numRuns: 50 },
    );
  });

  test('with any bit changed is refused and left unchanged', () => {
    const whole = sealed(new SrtpContext(MASTER), 7);
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const forged = Buffer.from(whole);
      forged[bit >> 3]! ^= 1 << (bit & 7);
      const before = Buffer.from(forged);
      expect(new SrtpContext(MASTER).unprotect(forged, forged.length)).toBeUndefined();
      expect(forged).toEqual(before);
    }
  });

  test('of another key is refused', () => {
    const other = Buffer.from(MASTER).fill(1, 0, 1);
    expect(opened(new SrtpContext(other), sealed(new SrtpContext(MASTER), 1))).toBeUndefined();
  });

  test('is accepted once, even when others have overtaken it', () => {
    const [sender, receiver] = [new SrtpContext(MASTER), new SrtpContext(MASTER)];
    const packets = [1, 2, 3, 4].map((sequence) => sealed(sender, sequence, `frame ${sequence}`));
    for (const at of [0, 3, 1, 2]) expect(opened(receiver, packets[at]!)).toBe(`frame ${at + 1}`);
    for (const packet of packets) expect(opened(receiver, packet)).toBeUndefined();
  });

  test('that is older than the window is refused', () => {
    const [sender, receiver] = [new SrtpContext(MASTER), new SrtpContext(MASTER)];
    const packets = Array.from({ length: 200 }, (_, sequence) => sealed(sender, sequence));
    opened(receiver, packets[199]!);
    expect(opened(receiver, packets[72]!)).toBe('sound');
    expect(opened(receiver, packets[71]!)).toBeUndefined();
  });

  test('is accepted across several wraps of the sequence number, with loss and delay', () => {
    const [sender, receiver] = [new SrtpContext(MASTER), new SrtpContext(MASTER)];
    let late: Buffer | undefined;
    for (let at = 65_000; at < 65_000 + 3 * 65_536; at += 97) {
      const packet = sealed(sender, at, `at ${at}`);
      expect(opened(receiver, packet)).toBe(`at ${at}`);
      if (late) expect(opened(receiver, late)).toBe('late');
      late = at % 5 === 0 ? sealed(sender, at + 40, 'late') : undefined;
    }
  });

  test.each([0, 5, 11, 21])('of %i octets is refused', (length) => {
    const packet = Buffer.alloc(64);
    expect(new SrtpContext(MASTER).unprotect(packet, length)).toBeUndefined();
  });

  test('whose extension is longer than itself is refused', () => {
    const packet = Buffer.alloc(40);
    packet[0] = 0x90;
    packet.writeUInt16BE(9999, 14);
    expect(new SrtpContext(MASTER).unprotect(packet, 40)).toBeUndefined();
  });
});

describe('an RTCP packet', () => {
  const plain = hex('81c8000b cafebabe abababab abababab abababab abababab');

  test('is protected as libsrtp does it', () => {
    const expected = '81c8000b cafebabe 7128035b e487b9bd bef89041 f977a5a8 80000001 993e08cd 54d6c123 0798';
    const packet = padded(plain);
    const length = new SrtpContext(MASTER).protectRtcp(packet, plain.length);
    expect(packet.subarray(0, length)).toEqual(hex(expected));
    const receiver = new SrtpContext(MASTER);
    expect(receiver.unprotectRtcp(Buffer.from(packet), length)).toBe(plain.length);
    expect(receiver.unprotectRtcp(Buffer.from(packet), length)).toBeUndefined();
  });

  test('that was changed or is too short is refused', () => {
    const packet = padded(plain);
    const length = new SrtpContext(MASTER).protectRtcp(packet, plain.length);
    packet[9]! ^= 1;
    expect(new SrtpContext(MASTER).unprotectRtcp(packet, length)).toBeUndefined();
    expect(new SrtpContext(MASTER).unprotectRtcp(packet, 21)).toBeUndefined();
  });
});

describe('the suite with a tag of 32 bits', () => {
  const short = () => new SrtpContext(MASTER, { tagBytes: 4 });

  test('shortens the tag of RTP to 4 octets, and not that of RTCP (RFC 4568 §6.2.2)', () => {
    const plain = hex('800f1234 decafbad cafebabe abababab abababab abababab abababab');
    const expected = '800f1234 decafbad cafebabe 4e55dc4c e79978d8 8ca4d215 949d2402 b78d6acc';
    const packet = padded(plain);
    const length = short().protect(packet, plain.length);
    expect(packet.subarray(0, length)).toEqual(hex(expected));
    expect(opened(short(), packet.subarray(0, length))).toBe(plain.toString('latin1', 12));
    const report = padded(hex('81c8000b cafebabe abababab abababab abababab abababab'));
    const reportLength = short().protectRtcp(report, 24);
    expect(reportLength).toBe(24 + RTCP_TRAILER_BYTES);
    expect(short().unprotectRtcp(report, reportLength)).toBe(24);
  });

  test('refuses a packet that was changed or is too short', () => {
    const { packet, length } = rtp(7);
    const whole = packet.subarray(0, short().protect(packet, length));
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const forged = Buffer.from(whole);
      forged[bit >> 3]! ^= 1 << (bit & 7);
      expect(opened(short(), forged)).toBeUndefined();
    }
    for (let cut = 0; cut < whole.length; cut++)
      expect(opened(short(), whole.subarray(0, cut))).toBeUndefined();
  });
});

test.each([1, 4, 128])('removes a key identifier of %i octets before the tag', (mkiBytes) => {
  for (const tagBytes of [4, 10] as const) {
    const identified = (packet: Buffer, tag: number) =>
      Buffer.concat([packet.subarray(0, -tag), Buffer.alloc(mkiBytes, 1), packet.subarray(-tag)]);
    const sender = new SrtpContext(MASTER, { tagBytes });
    const receiver = new SrtpContext(MASTER, { tagBytes, mkiBytes });
    const { packet, length } = rtp(7, 'hello');
    const whole = identified(packet.subarray(0, sender.protect(packet, length)), tagBytes);
    expect(opened(receiver, whole)).toBe('hello');
    const plain = hex('81c8000b cafebabe abababab abababab abababab abababab');
    const report = padded(plain);
    const sealed = identified(report.subarray(0, sender.protectRtcp(report, plain.length)), 10);
    expect(receiver.unprotectRtcp(sealed, sealed.length)).toBe(plain.length);
    for (let cut = 0; cut < 40; cut++) {
      expect(receiver.unprotect(Buffer.from(whole), cut)).toBeUndefined();
      expect(receiver.unprotectRtcp(Buffer.from(sealed), cut)).toBeUndefined();
    }
  }
});

test('opens packets of libsrtp with a short tag and a key identifier of 4 octets', () => {
  const master = Uint8Array.from({ length: 30 }, (_, at) => at * 7 + 1);
  const receiver = new SrtpContext(master, { tagBytes: 4, mkiBytes: 4 });
  const sound = hex('8000000700000000ca00000110e8ef939ddb60fffe456765d5661f3500000001e19a6391');
  expect(receiver.unprotect(sound, sound.length)).toBe(28);
  expect([...sound.subarray(12, 28)]).toEqual(Array.from({ length: 16 }, (_, at) => 12 + at));
  const report = hex(
    '80c80006ca000001fcc694cb485494a3bfcd2fdaa5412851eeeada61800000010000000162d8e96f59401aad170d',
  );
  expect(receiver.unprotectRtcp(report, report.length)).toBe(28);
  expect([...report.subarray(8, 28)]).toEqual(Array.from({ length: 20 }, (_, at) => 8 + at));
});
