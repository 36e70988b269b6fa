import type { RandomChoice } from '../random-choice.ts';
import type { Subject, Target } from '../target.ts';
import { EVENTS, openMedia, packet } from './rtp.ts';

/** Sends a burst of packets; in the input, each is preceded by its length in two octets. */
async function open(): Promise<Subject> {
  const media = await openMedia();
  return {
    ...media,
    process(input) {
      let count = 0;
      for (let at = 0; at + 2 < input.length && count < 100; count++) {
        const end = at + 2 + input.readUInt16BE(at);
        media.process(input.subarray(at + 2, end));
        at = end;
      }
      return count > 1 ? 'accepted' : 'refused';
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
/** Consecutive audio packets after loss, duplication and reordering, some with another SSRC. */
function audioBurst(random: RandomChoice): Buffer[] {
  const ssrc = random.once(10) ? random.int(4) : 1;
  sequence += random.pick([0, 0, 0, 1, 40, -40, 30_000]);
  const row = Array.from({ length: 2 + random.int(40) }, () =>
    packet(random.once(20) ? 8 : 0, sequence++, random.bytes(random.pick([160, 160, 80, 320, 1])), ssrc),
  );
  return impair(random, row);
}

/** Invalid RFC 4733 events: overlapping, with decreasing durations, without start, without end. */
function eventBurst(random: RandomChoice): Buffer[] {
  const began = sequence;
  const event = random.pick([random.int(16), 16, 255]);
  const row = Array.from({ length: 1 + random.int(12) }, (_, n) => {
    const duration = random.pick([160 * n, 0xffff, 0, random.int(65_536)]);
    const flags = random.pick([10, 10, 0x80 | 10, 0xff]);
    const key = packet(EVENTS, sequence++, Buffer.from([event, flags, duration >> 8, duration & 0xff]));
    // All packets of an event have its start timestamp; some get another one.
    key.writeUInt32BE(((random.once(6) ? sequence : began) * 160) >>> 0, 5);
    return key;
  });
  return impair(random, row);
}

function impair(random: RandomChoice, row: Buffer[]): Buffer[] {
  const all = row.filter(() => !random.once(8));
  for (let swaps = random.int(20); swaps > 0 && all.length > 0; swaps--) {
    const [a, b] = [random.int(all.length), random.int(all.length)];
    [all[a], all[b]] = [all[b]!, all[a]!];
  }
  return random.once(5) ? [...all, ...all] : all;
}

function generate(random: RandomChoice): Buffer {
  const bursts = random.some(3, () => (random.once(2) ? audioBurst(random) : eventBurst(random)));
  return pack(bursts.flat());
}

const corpus = [
  pack([1, 2, 3].map((n) => packet(0, n, Buffer.alloc(160, 0x20)))),
  pack([packet(EVENTS, 4, Buffer.from([5, 0x8a, 3, 32]))]),
];

/** Bursts of RTP packets in any order. */
export const rtpBursts: Target = { name: 'rtp-bursts', share: 20, corpus, generate, open };
