import { SrtpContext } from '../../../src/rtp/srtp.ts';
import type { Chance } from '../chance.ts';
import type { Subject, Target } from '../target.ts';

const RIGHT = Buffer.alloc(30, 7);
const WRONG = Buffer.alloc(30, 8);
/** Packets until all begin anew, as with the next call. */
const SPELL = 5000;
/** What the trailer of RTCP takes. */
const ROOM = 14;

/**
 * The first octet says what is done with the packet: sealed by the right or a wrong key, changed afterwards, repeated.
 * Only what was sealed with the right key comes through, once, and as it was.
 */
async function open(): Promise<Subject> {
  let ends = endsOf();
  let inputs = 0;
  let last: Buffer | undefined;
  return {
    take(input) {
      if (++inputs % SPELL === 0) {
        ends = endsOf();
        last = undefined;
      }
      const [how = 0] = input;
      const rtcp = how % 2 === 1;
      const plain = input.subarray(1, 1800);
      if (how < 64 || plain.length < 12) return refused(ends, input.subarray(1), rtcp);
      if (how < 96 && last) return refused(ends, last, isRtcp(last));
      const sealed = seal(how < 128 ? ends.stranger : ends.sender, plain, rtcp);
      if (how < 128) return refused(ends, sealed, rtcp);
      if (how < 192) return refused(ends, damaged(sealed, input), rtcp);
      last = Buffer.from(sealed);
      return opened(ends, sealed, plain, rtcp);
    },
    settle: async () => [],
    async close() {},
  };
}

const endsOf = () => ({
  sender: new SrtpContext(RIGHT),
  stranger: new SrtpContext(WRONG),
  receiver: new SrtpContext(RIGHT),
});
type Ends = ReturnType<typeof endsOf>;

/** Only where its own kind is told by it: the second octet, as RFC 5761 §4 has it. */
const isRtcp = (packet: Buffer) => packet[1]! >= 192 && packet[1]! <= 223;

function seal(context: SrtpContext, plain: Buffer, rtcp: boolean): Buffer {
  const packet = Buffer.alloc(plain.length + ROOM);
  plain.copy(packet);
  const length = rtcp ? context.protectRtcp(packet, plain.length) : context.protect(packet, plain.length);
  return packet.subarray(0, length);
}

/** What is changed, cut or made longer is not what was sealed any more. */
function damaged(sealed: Buffer, input: Buffer): Buffer {
  const copy = Buffer.from(sealed);
  const at = (input[2] ?? 0) % copy.length;
  if (input[0]! % 4 < 2) return copy.subarray(0, at);
  copy[at]! ^= 1 + (input[3]! & 0x7f);
  return copy;
}

function unseal({ receiver }: Ends, packet: Buffer, rtcp: boolean): number | undefined {
  const { length } = packet;
  return rtcp ? receiver.unprotectRtcp(packet, length) : receiver.unprotect(packet, length);
}

function refused(ends: Ends, packet: Buffer, rtcp: boolean): 'refused' {
  const before = Buffer.from(packet);
  const copy = Buffer.from(packet);
  if (unseal(ends, copy, rtcp) !== undefined) throw new Error('a packet came through that nobody has sealed');
  if (!copy.equals(before)) throw new Error('a packet that was refused was changed');
  return 'refused';
}

/** The receiver may have seen its number, or have too many sources: then it is refused, but never changed. */
function opened(ends: Ends, sealed: Buffer, plain: Buffer, rtcp: boolean): 'taken' | 'refused' {
  const length = unseal(ends, sealed, rtcp);
  if (length === undefined) return 'refused';
  if (!sealed.subarray(0, length).equals(plain)) throw new Error('what was opened is not what was sealed');
  return 'taken';
}

let sequence = 0;
function write(chance: Chance): Buffer {
  const head = Buffer.alloc(13);
  head[0] = chance.int(256);
  head[1] = 0x80 | (chance.once(10) ? chance.int(32) : 0);
  head[2] = head[0] % 2 === 1 ? 200 : 0;
  sequence += chance.pick([1, 1, 1, 2, -1, 100, 0x7fff, 0x8000]);
  head.writeUInt16BE(sequence & 0xffff, 3);
  head.writeUInt32BE(chance.once(20) ? chance.int(40) : 1, rtcpOr(head, 5, 9));
  return Buffer.concat([head, chance.bytes(chance.pick([0, 1, 16, 160, chance.int(1500)]))]);
}

/** Where the SSRC is: at the fifth octet of RTCP, and the ninth of RTP, behind the one that says how. */
const rtcpOr = (head: Buffer, rtcp: number, rtp: number) => (head[0]! % 2 === 1 ? rtcp : rtp);

const corpus = [0, 70, 100, 130, 200, 201].map((how) =>
  Buffer.concat([
    Buffer.from([how, 0x80, how % 2 ? 200 : 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]),
    Buffer.alloc(40),
  ]),
);

/** Encrypted RTP and RTCP: with wrong keys, cut, changed, repeated. */
export const srtp: Target = { name: 'srtp', share: 40, corpus, write, open };
