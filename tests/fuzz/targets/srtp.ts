import { SrtpContext } from '../../../src/rtp/srtp.ts';
import type { RandomChoice } from '../random-choice.ts';
import type { Subject, Target } from '../target.ts';

const KEY = Buffer.alloc(30, 7);
const WRONG_KEY = Buffer.alloc(30, 8);
/** Packets until new contexts, as for the next call. */
const PACKETS_PER_CALL = 5000;
/** Octets of the SRTCP trailer. */
const TRAILER = 14;

/**
 * The first octet selects the protection: with the correct or a wrong key, modified, or replayed.
 * Only a packet with the correct key is accepted, once and unmodified.
 */
async function open(): Promise<Subject> {
  let ends = endsOf();
  let inputs = 0;
  let last: Buffer | undefined;
  return {
    process(input) {
      if (++inputs % PACKETS_PER_CALL === 0) {
        ends = endsOf();
        last = undefined;
      }
      const [how = 0] = input;
      const rtcp = how % 2 === 1;
      const plain = input.subarray(1, 1800);
      if (how < 64 || plain.length < 12) return refused(ends, input.subarray(1), rtcp);
      if (how < 96 && last) return refused(ends, last, isRtcp(last));
      const protectedPacket = protect(how < 128 ? ends.attacker : ends.sender, plain, rtcp);
      if (how < 128) return refused(ends, protectedPacket, rtcp);
      if (how < 192) return refused(ends, modified(protectedPacket, input), rtcp);
      last = Buffer.from(protectedPacket);
      return opened(ends, protectedPacket, plain, rtcp);
    },
    settle: async () => [],
    async close() {},
  };
}

const endsOf = () => ({
  sender: new SrtpContext(KEY),
  attacker: new SrtpContext(WRONG_KEY),
  receiver: new SrtpContext(KEY),
});
type Ends = ReturnType<typeof endsOf>;

/** Distinguishes RTCP by the second octet (RFC 5761 §4). */
const isRtcp = (packet: Buffer) => packet[1]! >= 192 && packet[1]! <= 223;

function protect(context: SrtpContext, plain: Buffer, rtcp: boolean): Buffer {
  const packet = Buffer.alloc(plain.length + TRAILER);
  plain.copy(packet);
  const length = rtcp ? context.protectRtcp(packet, plain.length) : context.protect(packet, plain.length);
  return packet.subarray(0, length);
}

/** Modifies or truncates a protected packet. */
function modified(protectedPacket: Buffer, input: Buffer): Buffer {
  const copy = Buffer.from(protectedPacket);
  const at = (input[2] ?? 0) % copy.length;
  if (input[0]! % 4 < 2) return copy.subarray(0, at);
  copy[at]! ^= 1 + (input[3]! & 0x7f);
  return copy;
}

function unprotect({ receiver }: Ends, packet: Buffer, rtcp: boolean): number | undefined {
  const { length } = packet;
  return rtcp ? receiver.unprotectRtcp(packet, length) : receiver.unprotect(packet, length);
}

function refused(ends: Ends, packet: Buffer, rtcp: boolean): 'refused' {
  const before = Buffer.from(packet);
  const copy = Buffer.from(packet);
  if (unprotect(ends, copy, rtcp) !== undefined) throw new Error('an unauthenticated packet was accepted');
  if (!copy.equals(before)) throw new Error('a refused packet was modified');
  return 'refused';
}

/** The receiver may refuse a known sequence number or too many sources, but never alters the content. */
function opened(ends: Ends, protectedPacket: Buffer, plain: Buffer, rtcp: boolean): 'accepted' | 'refused' {
  const length = unprotect(ends, protectedPacket, rtcp);
  if (length === undefined) return 'refused';
  if (!protectedPacket.subarray(0, length).equals(plain))
    throw new Error('the decrypted packet differs from the original');
  return 'accepted';
}

let sequence = 0;
function generate(random: RandomChoice): Buffer {
  const head = Buffer.alloc(13);
  head[0] = random.int(256);
  head[1] = 0x80 | (random.once(10) ? random.int(32) : 0);
  head[2] = head[0] % 2 === 1 ? 200 : 0;
  sequence += random.pick([1, 1, 1, 2, -1, 100, 0x7fff, 0x8000]);
  head.writeUInt16BE(sequence & 0xffff, 3);
  head.writeUInt32BE(random.once(20) ? random.int(40) : 1, rtcpOr(head, 5, 9));
  return Buffer.concat([head, random.bytes(random.pick([0, 1, 16, 160, random.int(1500)]))]);
}

/** Offset of the SSRC in an input: 5 for RTCP, 9 for RTP. */
const rtcpOr = (head: Buffer, rtcp: number, rtp: number) => (head[0]! % 2 === 1 ? rtcp : rtp);

const corpus = [0, 70, 100, 130, 200, 201].map((how) =>
  Buffer.concat([
    Buffer.from([how, 0x80, how % 2 ? 200 : 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]),
    Buffer.alloc(40),
  ]),
);

/** SRTP and SRTCP: with wrong keys, truncated, modified, replayed. */
export const srtp: Target = { name: 'srtp', share: 40, corpus, generate, open };
