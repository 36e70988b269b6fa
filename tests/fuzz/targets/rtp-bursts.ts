import type { Chance } from '../chance.ts';
import type { Subject, Target } from '../target.ts';
import { EVENTS, openMedia, packet } from './rtp.ts';

/** Packets that arrive together, each after its length in two octets. */
async function open(): Promise<Subject> {
  const media = await openMedia();
  return {
    ...media,
    take(input) {
      let count = 0;
      for (let at = 0; at + 2 < input.length && count < 100; count++) {
        const end = at + 2 + input.readUInt16BE(at);
        media.take(input.subarray(at + 2, end));
        at = end;
      }
      return count > 1 ? 'taken' : 'refused';
    },
  };
}

const pack = (packets: Buffer[]): Buffer =>
  Buffer.concat(
    packets.flatMap((each) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(each.length);
      return [length, each];
    }),
  );

let sequence = 0;
/** Sound in a row, which then goes through a bad network: lost, repeated, overtaken, or from somebody else. */
function sounds(chance: Chance): Buffer[] {
  const ssrc = chance.once(10) ? chance.int(4) : 1;
  sequence += chance.pick([0, 0, 0, 1, 40, -40, 30_000]);
  const row = Array.from({ length: 2 + chance.int(40) }, () =>
    packet(chance.once(20) ? 8 : 0, sequence++, chance.bytes(chance.pick([160, 160, 80, 320, 1])), ssrc),
  );
  return shaken(chance, row);
}

/** RFC 4733, abused: keys at the same time, times that go back, ends without a beginning, ends that never come. */
function keys(chance: Chance): Buffer[] {
  const began = sequence;
  const event = chance.pick([chance.int(16), 16, 255]);
  const row = Array.from({ length: 1 + chance.int(12) }, (_, n) => {
    const duration = chance.pick([160 * n, 0xffff, 0, chance.int(65_536)]);
    const flags = chance.pick([10, 10, 0x80 | 10, 0xff]);
    const key = packet(EVENTS, sequence++, Buffer.from([event, flags, duration >> 8, duration & 0xff]));
    // All packets of one key have the time of its beginning; some say another one.
    key.writeUInt32BE(((chance.once(6) ? sequence : began) * 160) >>> 0, 5);
    return key;
  });
  return shaken(chance, row);
}

function shaken(chance: Chance, row: Buffer[]): Buffer[] {
  const all = row.filter(() => !chance.once(8));
  for (let swaps = chance.int(20); swaps > 0 && all.length > 0; swaps--) {
    const [a, b] = [chance.int(all.length), chance.int(all.length)];
    [all[a], all[b]] = [all[b]!, all[a]!];
  }
  return chance.once(5) ? [...all, ...all] : all;
}

function write(chance: Chance): Buffer {
  const bursts = chance.some(3, () => (chance.once(2) ? sounds(chance) : keys(chance)));
  return pack(bursts.flat());
}

const corpus = [
  pack([1, 2, 3].map((n) => packet(0, n, Buffer.alloc(160, 0x20)))),
  pack([packet(EVENTS, 4, Buffer.from([5, 0x8a, 3, 32]))]),
];

/** Many packets at once, in any order. */
export const rtpBursts: Target = { name: 'rtp-bursts', share: 20, corpus, write, open };
