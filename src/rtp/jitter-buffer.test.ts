import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PCMU } from '../audio/codec/g711.ts';
import { openCodec } from '../audio/codec/open-codec.ts';
import { FRAME_SAMPLES } from '../audio/frame.ts';
import { JitterBuffer, type Pulled } from './jitter-buffer.ts';
import { RTP_HEADER, RtpHeader } from './packet.ts';

/** A loud octet for each sample of the input, hardly ever the same twice in a row. */
const octetAt = (index: number): number => (Math.imul(index + 7, 2654435761) >>> 8) & 0xbf;
const soundAt = (index: number): number => PCMU.samples[octetAt(index)]!;

/** One sender and one receiver, beat by beat. */
class Stream {
  readonly buffer = new JitterBuffer();
  /** All samples that were played, and the result of each beat. */
  readonly played: number[] = [];
  readonly beats: Pulled[] = [];
  ssrc = 1;
  #header = new RtpHeader();
  #frame = new Int16Array(FRAME_SAMPLES);

  /** Sends the samples `[from, from + count)` of the input, or silence. */
  send(sequence: number, timestamp: number, from: number, count = FRAME_SAMPLES, silence = false): void {
    const packet = Buffer.alloc(RTP_HEADER + count, 0xff);
    if (!silence) for (let i = 0; i < count; i++) packet[RTP_HEADER + i] = octetAt(from + i);
    const fields = { sequence: sequence & 0xffff, timestamp: timestamp >>> 0, ssrc: this.ssrc };
    Object.assign(this.#header, fields).write(packet);
    this.#header.read(packet, 0, packet.length);
    this.buffer.push(this.#header, packet, openCodec('PCMU'));
  }

  /** Sends packet `n` of a regular stream of 20 ms packets. */
  packet(n: number): void {
    this.send(n, n * FRAME_SAMPLES, n * FRAME_SAMPLES);
  }

  beat(count = 1): Pulled {
    for (let i = 0; i < count; i++) {
      this.beats.push(this.buffer.pull(this.#frame));
      this.played.push(...this.#frame);
    }
    return this.beats.at(-1)!;
  }

  /** Number of the packet of a regular stream that the last beat played, or −1. */
  get last(): number {
    const frame = this.played.slice(-FRAME_SAMPLES);
    // The first 5 ms after a loss are blended.
    for (let n = 0; n < 2000; n++) {
      if (frame.slice(40).every((sample, i) => sample === soundAt(n * FRAME_SAMPLES + 40 + i))) return n;
    }
    return -1;
  }
}

describe('a regular stream', () => {
  it('is played completely after 40 ms', () => {
    const stream = new Stream();
    for (let n = 0; n < 20; n++) {
      stream.packet(n);
      stream.beat();
    }
    expect(stream.beats.slice(0, 3)).toEqual(['silence', 'silence', 'audio']);
    expect(stream.played.slice(320)).toEqual(Array.from({ length: 18 * 160 }, (_, i) => soundAt(i)));
    expect(stream.buffer.lost).toBe(0);
  });

  it('is played completely across the wrap of sequence numbers and timestamps', () => {
    const stream = new Stream();
    for (let n = 0; n < 20; n++) {
      stream.send(0xfffa + n, 0xffffffff - 800 + n * 160, n * 160);
      stream.beat();
    }
    expect(stream.played.slice(320)).toEqual(Array.from({ length: 18 * 160 }, (_, i) => soundAt(i)));
    expect(stream.buffer.lost).toBe(0);
  });

  it.each([10, 20, 30, 40, 60])('is played completely from packets of %i ms', (ms) => {
    const stream = new Stream();
    const count = ms * 8;
    for (let beat = 0, n = 0; beat < 60; beat++) {
      for (; n * ms < (beat + 1) * 20; n++) stream.send(n, n * count, n * count, count);
      stream.beat();
    }
    expect(stream.played.slice(320)).toEqual(Array.from({ length: 58 * 160 }, (_, i) => soundAt(i)));
  });
});

describe('irregular packets', () => {
  it('are played in order when they arrive reordered', () => {
    const stream = new Stream();
    for (const n of [1, 0, 2]) stream.packet(n);
    stream.beat(2);
    for (const n of [4, 3, 3, 5]) stream.packet(n);
    const played = [0, 1, 2, 3, 4, 5].map(() => stream.beat() && stream.last);
    expect(played).toEqual([0, 1, 2, 3, 4, 5]);
    expect(stream.buffer.counters).toMatchObject({ received: 7, reordered: 2, duplicate: 1, late: 0 });
    expect(stream.buffer.lost).toBe(0);
  });

  it('are concealed and counted when lost', () => {
    const stream = new Stream();
    for (const n of [0, 1, 3, 4]) stream.packet(n);
    stream.beat(2);
    expect(['audio', 'audio', 'lost', 'audio', 'audio'].map(() => stream.beat())).toEqual(
      stream.beats.slice(2),
    );
    expect(stream.beats.slice(2)).toEqual(['audio', 'audio', 'lost', 'audio', 'audio']);
    expect(stream.last).toBe(4);
    expect(stream.buffer.lost).toBe(1);
  });

  it('are not played when they arrive too late', () => {
    const stream = new Stream();
    for (const n of [0, 1, 3, 4, 5]) stream.packet(n);
    stream.beat(6);
    stream.packet(2);
    expect(stream.beat() && stream.last).toBe(4);
    expect(stream.buffer.counters.late).toBe(1);
    expect(stream.buffer.lost).toBe(1);
  });

  it('increase the delay when they are late, without loss', () => {
    const stream = new Stream();
    const arrivals = [[0], [1], [2], [], [], [], [], [3, 4, 5, 6, 7], [8], [9], [10], [11], [12], [13]];
    for (const arrival of arrivals) {
      for (const n of arrival) stream.packet(n);
      stream.beat();
    }
    const played = stream.beats.flatMap((beat, i) => (beat === 'audio' ? [i] : []));
    expect(played).toEqual([2, 3, 4, 7, 8, 9, 10, 11, 12, 13]);
    expect(stream.last).toBe(9);
    expect(stream.buffer.lost).toBe(0);
  });

  it('are skipped after a long stall to limit the delay', () => {
    const stream = new Stream();
    for (let n = 0; n < 10; n++) {
      stream.packet(n);
      stream.beat();
    }
    stream.beat(20);
    for (let n = 10; n < 30; n++) stream.packet(n);
    for (let n = 30; n < 40; n++) {
      stream.packet(n);
      stream.beat();
    }
    expect(stream.buffer.delayMs).toBeLessThanOrEqual(120);
    expect(stream.last).toBeGreaterThanOrEqual(39 - 6);
  });
});

describe('overdue beats', () => {
  it.each([3, 8, 14])('play all %i frames that arrived meanwhile', (late) => {
    const stream = new Stream();
    for (let n = 0; n < 20; n++) {
      stream.packet(n);
      stream.beat();
    }
    const before = stream.last;
    // The thread was delayed: the first of the due beats takes everything that arrived meanwhile.
    stream.buffer.overdue = late - 1;
    for (let n = 20; n < 20 + late; n++) stream.packet(n);
    const played = Array.from({ length: late }, () => {
      stream.beat();
      stream.buffer.overdue--;
      return stream.last;
    });
    expect(played).toEqual(Array.from({ length: late }, (_, at) => before + 1 + at));
    expect(stream.buffer.counters.dropped).toBe(0);
  });
});

describe('a sender with another clock', () => {
  const run = (beatsPerPacket: number, beats: number, silence: (n: number) => boolean) => {
    const stream = new Stream();
    let delay = 0;
    for (let beat = 0, n = 0; beat < beats; beat++) {
      for (; n * beatsPerPacket <= beat; n++) stream.send(n, n * 160, n * 160, 160, silence(n));
      stream.beat();
      delay = Math.max(delay, stream.buffer.delayMs);
    }
    return { stream, delay };
  };

  it('that is fast makes frames merge in pauses', () => {
    // 0.5 %: ten times what crystals do. Two frames of each second are silent.
    const { stream, delay } = run(0.995, 3000, (n) => n % 25 === 0);
    expect(delay).toBeLessThanOrEqual(120);
    expect(stream.buffer.counters.dropped).toBeGreaterThan(10);
    expect(stream.buffer.lost).toBe(0);
    expect(stream.beats.slice(2)).not.toContain('lost');
  });

  it('that is fast and never silent makes frames merge anyway', () => {
    const { delay, stream } = run(0.995, 3000, () => false);
    expect(delay).toBeLessThanOrEqual(120);
    expect(stream.beats.slice(2).every((beat) => beat === 'audio')).toBe(true);
  });

  it('that is slow makes silent frames play twice, without concealment', () => {
    const { stream } = run(1.005, 3000, (n) => n % 25 === 0);
    expect(stream.buffer.counters.inserted).toBeGreaterThan(10);
    expect(stream.beats.slice(2).every((beat) => beat === 'audio')).toBe(true);
  });
});

describe('a sender that pauses', () => {
  it('is silence, not loss, and plays again 40 ms after it resumes', () => {
    const stream = new Stream();
    for (let n = 0; n < 5; n++) stream.packet(n);
    stream.beat(60);
    expect(stream.buffer.lost).toBe(0);
    stream.send(5, 60 * 160, 60 * 160);
    stream.send(6, 61 * 160, 61 * 160);
    expect([stream.beat(), stream.beat(), stream.beat()]).toEqual(['silence', 'silence', 'audio']);
    expect(stream.last).toBe(60);
  });

  it('plays again even if its timestamps stood still meanwhile', () => {
    const stream = new Stream();
    for (let n = 0; n < 5; n++) stream.packet(n);
    stream.beat(60);
    for (let n = 5; n < 8; n++) stream.packet(n);
    stream.beat(3);
    expect(stream.last).toBe(5);
  });

  it('keeps the length of a short pause', () => {
    const stream = new Stream();
    stream.packet(0);
    stream.send(1, 4 * 160, 4 * 160);
    stream.beat(2);
    const beats = [0, 1, 2, 3, 4].map(() => stream.beat());
    expect(beats).toEqual(['audio', 'silence', 'silence', 'silence', 'audio']);
    expect(stream.last).toBe(4);
  });

  it('may send other packets meanwhile, which are not lost sound', () => {
    const stream = new Stream();
    const event = new RtpHeader();
    for (let n = 0; n < 20; n++) {
      if (n < 5 || n > 10) stream.packet(n);
      else stream.buffer.note(Object.assign(event, { sequence: n, ssrc: 1 }));
      stream.beat();
    }
    expect(stream.beats).not.toContain('lost');
    expect(stream.last).toBe(17);
    expect(stream.buffer.lost).toBe(0);
  });
});

describe('a change', () => {
  const started = () => {
    const stream = new Stream();
    for (let n = 0; n < 10; n++) {
      stream.packet(n);
      stream.beat();
    }
    return stream;
  };

  it('of source is followed from the second packet on, without a pause', () => {
    const stream = started();
    stream.ssrc = 2;
    const beats = [100, 101, 102, 103, 104, 105].map((n) => {
      stream.packet(n);
      return stream.beat();
    });
    expect(beats.filter((beat) => beat === 'audio').length).toBeGreaterThanOrEqual(5);
    expect(stream.last).toBeGreaterThanOrEqual(103);
  });

  it('does not follow stray packets of other sources', () => {
    const stream = started();
    for (let n = 10; n < 30; n++) {
      stream.ssrc = n;
      stream.packet(500 + 7 * n);
      stream.ssrc = 1;
      stream.packet(n);
      expect(stream.beat()).toBe('audio');
      expect(stream.last).toBe(n - 2);
    }
    expect(stream.buffer.counters.stray).toBe(20);
  });

  it('of the timestamps does not interrupt the sound', () => {
    const stream = started();
    for (let n = 10; n < 20; n++) {
      stream.send(n, n * 160 + 3_000_000_000, n * 160);
      expect(stream.beat()).toBe('audio');
      expect(stream.last).toBe(n - 2);
    }
  });

  it('of the sequence numbers is not a loss', () => {
    const stream = started();
    for (let n = 10; n < 20; n++) {
      stream.send(n + 30_000, n * 160, n * 160);
      stream.beat();
    }
    expect(stream.last).toBeGreaterThanOrEqual(16);
    expect(stream.buffer.lost).toBe(0);
  });
});

it('plays every packet that arrives in its position and conceals the rest', () => {
  const fate = fc.record({ lost: fc.boolean(), late: fc.boolean(), twice: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(fate, { minLength: 20, maxLength: 80 }),
      fc.nat(0xffff),
      fc.nat(0xffffffff),
      (fates, s, t) => {
        const stream = new Stream();
        // Jitter of one beat; at most two of three are lost.
        const arrives = fates.map((f, n) => n < 2 || !f.lost || n % 3 === 0);
        for (let beat = 0; beat < fates.length; beat++) {
          for (const n of [beat, beat - 1]) {
            const f = fates[n];
            if (!f || !arrives[n] || (n === beat) === (f.late && n > 1)) continue;
            for (let copies = f.twice ? 2 : 1; copies > 0; copies--) stream.send(s + n, t + n * 160, n * 160);
          }
          stream.beat();
        }
        for (let n = 0; n < fates.length - 4; n++) {
          const blended = n > 0 && !arrives[n - 1] ? 40 : 0;
          const frame = stream.played.slice((n + 2) * 160 + blended, (n + 3) * 160);
          if (!arrives[n]) expect(stream.beats[n + 2]).toBe('lost');
          else expect(frame).toEqual(frame.map((_, i) => soundAt(n * 160 + blended + i)));
        }
      },
    ),
    { numRuns: 60 },
  );
});

it('starts no earlier than 140 ms before the first packet that arrived', () => {
  const stream = new Stream();
  stream.send(1, 1139, 0, 1442);
  stream.send(0, 0, 0, 1);
  expect(stream.buffer.delayMs).toBe(1442 / 8);
  expect(stream.buffer.counters.late).toBe(1);
});

it('plays a frame in every beat and limits the delay, whatever is sent', () => {
  const packet = fc.record({
    beats: fc.nat(3),
    sequence: fc.oneof(fc.nat(40), fc.nat(0xffff)),
    timestamp: fc.oneof(fc.nat(6400), fc.nat(0xffffffff)),
    count: fc.oneof(fc.nat(480), fc.nat(1460)),
    ssrc: fc.nat(1),
  });
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 200 }), (packets) => {
      const stream = new Stream();
      for (const { beats, sequence, timestamp, count, ssrc } of packets) {
        stream.ssrc = ssrc;
        stream.send(sequence, timestamp, 0, count);
        stream.beat(beats);
        expect(stream.buffer.delayMs).toBeGreaterThanOrEqual(0);
        expect(stream.buffer.delayMs).toBeLessThanOrEqual(140 + 1460 / 8);
      }
      stream.beat(40);
      expect(stream.beats.at(-1)).toBe('silence');
    }),
    { numRuns: 100 },
  );
});
