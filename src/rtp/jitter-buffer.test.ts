import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openCodec } from '../audio/codec/codec.ts';
import { PCMU } from '../audio/codec/g711.ts';
import { FRAME_SAMPLES } from '../audio/frame.ts';
import { JitterBuffer, type Pulled } from './jitter-buffer.ts';
import { RTP_HEADER, RtpHeader } from './packet.ts';

/** A loud octet for each sample of the input, hardly ever the same twice in a row. */
const octetAt = (index: number): number => (Math.imul(index + 7, 2654435761) >>> 8) & 0xbf;
const soundAt = (index: number): number => PCMU.samples[octetAt(index)]!;

/** One sender and one receiver, a beat at a time. */
class Line {
  readonly buffer = new JitterBuffer();
  /** Everything that came out, and what each beat was called. */
  readonly heard: number[] = [];
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

  /** Sends packet `n` of an orderly stream of 20 ms packets. */
  packet(n: number): void {
    this.send(n, n * FRAME_SAMPLES, n * FRAME_SAMPLES);
  }

  beat(count = 1): Pulled {
    for (let i = 0; i < count; i++) {
      this.beats.push(this.buffer.pull(this.#frame));
      this.heard.push(...this.#frame);
    }
    return this.beats.at(-1)!;
  }

  /** The number of the packet of an orderly stream that the last beat played, or −1. */
  get last(): number {
    const frame = this.heard.slice(-FRAME_SAMPLES);
    // The first 5 ms after a loss are blended.
    for (let n = 0; n < 2000; n++) {
      if (frame.slice(40).every((sample, i) => sample === soundAt(n * FRAME_SAMPLES + 40 + i))) return n;
    }
    return -1;
  }
}

describe('an orderly stream', () => {
  it('is played whole after 40 ms', () => {
    const line = new Line();
    for (let n = 0; n < 20; n++) {
      line.packet(n);
      line.beat();
    }
    expect(line.beats.slice(0, 3)).toEqual(['silence', 'silence', 'audio']);
    expect(line.heard.slice(320)).toEqual(Array.from({ length: 18 * 160 }, (_, i) => soundAt(i)));
    expect(line.buffer.lost).toBe(0);
  });

  it('is played whole across the wrap of sequence numbers and timestamps', () => {
    const line = new Line();
    for (let n = 0; n < 20; n++) {
      line.send(0xfffa + n, 0xffffffff - 800 + n * 160, n * 160);
      line.beat();
    }
    expect(line.heard.slice(320)).toEqual(Array.from({ length: 18 * 160 }, (_, i) => soundAt(i)));
    expect(line.buffer.lost).toBe(0);
  });

  it.each([10, 20, 30, 40, 60])('is played whole from packets of %i ms', (ms) => {
    const line = new Line();
    const count = ms * 8;
    for (let beat = 0, n = 0; beat < 60; beat++) {
      for (; n * ms < (beat + 1) * 20; n++) line.send(n, n * count, n * count, count);
      line.beat();
    }
    expect(line.heard.slice(320)).toEqual(Array.from({ length: 58 * 160 }, (_, i) => soundAt(i)));
  });
});

describe('packets in disorder', () => {
  it('plays those that were overtaken in their place', () => {
    const line = new Line();
    for (const n of [1, 0, 2]) line.packet(n);
    line.beat(2);
    for (const n of [4, 3, 3, 5]) line.packet(n);
    const played = [0, 1, 2, 3, 4, 5].map(() => line.beat() && line.last);
    expect(played).toEqual([0, 1, 2, 3, 4, 5]);
    expect(line.buffer.counters).toMatchObject({ received: 7, reordered: 2, duplicate: 1, late: 0 });
    expect(line.buffer.lost).toBe(0);
  });

  it('hides a lost one, and counts it', () => {
    const line = new Line();
    for (const n of [0, 1, 3, 4]) line.packet(n);
    line.beat(2);
    expect(['audio', 'audio', 'lost', 'audio', 'audio'].map(() => line.beat())).toEqual(line.beats.slice(2));
    expect(line.beats.slice(2)).toEqual(['audio', 'audio', 'lost', 'audio', 'audio']);
    expect(line.last).toBe(4);
    expect(line.buffer.lost).toBe(1);
  });

  it('does not play one whose time is over', () => {
    const line = new Line();
    for (const n of [0, 1, 3, 4, 5]) line.packet(n);
    line.beat(6);
    line.packet(2);
    expect(line.beat() && line.last).toBe(4);
    expect(line.buffer.counters.late).toBe(1);
    expect(line.buffer.lost).toBe(1);
  });

  it('gains delay where packets come late, and loses nothing', () => {
    const line = new Line();
    const arrivals = [[0], [1], [2], [], [], [], [], [3, 4, 5, 6, 7], [8], [9], [10], [11], [12], [13]];
    for (const arrival of arrivals) {
      for (const n of arrival) line.packet(n);
      line.beat();
    }
    const played = line.beats.flatMap((beat, i) => (beat === 'audio' ? [i] : []));
    expect(played).toEqual([2, 3, 4, 7, 8, 9, 10, 11, 12, 13]);
    expect(line.last).toBe(9);
    expect(line.buffer.lost).toBe(0);
  });

  it('stays within reach of the newest after a long stall', () => {
    const line = new Line();
    for (let n = 0; n < 10; n++) {
      line.packet(n);
      line.beat();
    }
    line.beat(20);
    for (let n = 10; n < 30; n++) line.packet(n);
    for (let n = 30; n < 40; n++) {
      line.packet(n);
      line.beat();
    }
    expect(line.buffer.delayMs).toBeLessThanOrEqual(120);
    expect(line.last).toBeGreaterThanOrEqual(39 - 6);
  });
});

describe('beats that are overdue', () => {
  it.each([3, 8, 14])('play all that came meanwhile, of %i frames', (late) => {
    const line = new Line();
    for (let n = 0; n < 20; n++) {
      line.packet(n);
      line.beat();
    }
    const before = line.last;
    // The thread was held up: what came meanwhile is taken by the first of the beats that are due.
    line.buffer.overdue = late - 1;
    for (let n = 20; n < 20 + late; n++) line.packet(n);
    const played = Array.from({ length: late }, () => {
      line.beat();
      line.buffer.overdue--;
      return line.last;
    });
    expect(played).toEqual(Array.from({ length: late }, (_, at) => before + 1 + at));
    expect(line.buffer.counters.dropped).toBe(0);
  });
});

describe('another clock', () => {
  const run = (beatsPerPacket: number, beats: number, silence: (n: number) => boolean) => {
    const line = new Line();
    let delay = 0;
    for (let beat = 0, n = 0; beat < beats; beat++) {
      for (; n * beatsPerPacket <= beat; n++) line.send(n, n * 160, n * 160, 160, silence(n));
      line.beat();
      delay = Math.max(delay, line.buffer.delayMs);
    }
    return { line, delay };
  };

  it('of a fast sender makes frames fold, in pauses', () => {
    // 0.5 %: ten times what crystals do. Two frames of each second are silent.
    const { line, delay } = run(0.995, 3000, (n) => n % 25 === 0);
    expect(delay).toBeLessThanOrEqual(120);
    expect(line.buffer.counters.dropped).toBeGreaterThan(10);
    expect(line.buffer.lost).toBe(0);
    expect(line.beats.slice(2)).not.toContain('lost');
  });

  it('of a fast sender that is never silent makes them fold all the same', () => {
    const { delay, line } = run(0.995, 3000, () => false);
    expect(delay).toBeLessThanOrEqual(120);
    expect(line.beats.slice(2).every((beat) => beat === 'audio')).toBe(true);
  });

  it('of a slow sender makes silent frames be played twice, and nothing has to be hidden', () => {
    const { line } = run(1.005, 3000, (n) => n % 25 === 0);
    expect(line.buffer.counters.inserted).toBeGreaterThan(10);
    expect(line.beats.slice(2).every((beat) => beat === 'audio')).toBe(true);
  });
});

describe('a sender that pauses', () => {
  it('is silence, not loss, and is heard again 40 ms after it goes on', () => {
    const line = new Line();
    for (let n = 0; n < 5; n++) line.packet(n);
    line.beat(60);
    expect(line.buffer.lost).toBe(0);
    line.send(5, 60 * 160, 60 * 160);
    line.send(6, 61 * 160, 61 * 160);
    expect([line.beat(), line.beat(), line.beat()]).toEqual(['silence', 'silence', 'audio']);
    expect(line.last).toBe(60);
  });

  it('is heard again also when its timestamps stood still meanwhile', () => {
    const line = new Line();
    for (let n = 0; n < 5; n++) line.packet(n);
    line.beat(60);
    for (let n = 5; n < 8; n++) line.packet(n);
    line.beat(3);
    expect(line.last).toBe(5);
  });

  it('keeps a short pause as long as it was', () => {
    const line = new Line();
    line.packet(0);
    line.send(1, 4 * 160, 4 * 160);
    line.beat(2);
    const beats = [0, 1, 2, 3, 4].map(() => line.beat());
    expect(beats).toEqual(['audio', 'silence', 'silence', 'silence', 'audio']);
    expect(line.last).toBe(4);
  });

  it('may send other things meanwhile, which are not lost sound', () => {
    const line = new Line();
    const event = new RtpHeader();
    for (let n = 0; n < 20; n++) {
      if (n < 5 || n > 10) line.packet(n);
      else line.buffer.note(Object.assign(event, { sequence: n, ssrc: 1 }));
      line.beat();
    }
    expect(line.beats).not.toContain('lost');
    expect(line.last).toBe(17);
    expect(line.buffer.lost).toBe(0);
  });
});

describe('a sender that changes', () => {
  const started = () => {
    const line = new Line();
    for (let n = 0; n < 10; n++) {
      line.packet(n);
      line.beat();
    }
    return line;
  };

  it('its source is followed from the second packet on, without a pause', () => {
    const line = started();
    line.ssrc = 2;
    const beats = [100, 101, 102, 103, 104, 105].map((n) => {
      line.packet(n);
      return line.beat();
    });
    expect(beats.filter((beat) => beat === 'audio').length).toBeGreaterThanOrEqual(5);
    expect(line.last).toBeGreaterThanOrEqual(103);
  });

  it('is not disturbed by stray packets of others', () => {
    const line = started();
    for (let n = 10; n < 30; n++) {
      line.ssrc = n;
      line.packet(500 + 7 * n);
      line.ssrc = 1;
      line.packet(n);
      expect(line.beat()).toBe('audio');
      expect(line.last).toBe(n - 2);
    }
    expect(line.buffer.counters.stray).toBe(20);
  });

  it('its timestamps may leap in the middle of the sound', () => {
    const line = started();
    for (let n = 10; n < 20; n++) {
      line.send(n, n * 160 + 3_000_000_000, n * 160);
      expect(line.beat()).toBe('audio');
      expect(line.last).toBe(n - 2);
    }
  });

  it('its sequence numbers may start anew', () => {
    const line = started();
    for (let n = 10; n < 20; n++) {
      line.send(n + 30_000, n * 160, n * 160);
      line.beat();
    }
    expect(line.last).toBeGreaterThanOrEqual(16);
    expect(line.buffer.lost).toBe(0);
  });
});

it('plays everything that came, in order and in its place, and hides the rest', () => {
  const fate = fc.record({ lost: fc.boolean(), late: fc.boolean(), twice: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(fate, { minLength: 20, maxLength: 80 }),
      fc.nat(0xffff),
      fc.nat(0xffffffff),
      (fates, s, t) => {
        const line = new Line();
        // Jitter of one beat; at most two of three are lost.
        const arrives = fates.map((f, n) => n < 2 || !f.lost || n % 3 === 0);
        for (let beat = 0; beat < fates.length; beat++) {
          for (const n of [beat, beat - 1]) {
            const f = fates[n];
            if (!f || !arrives[n] || (n === beat) === (f.late && n > 1)) continue;
            for (let copies = f.twice ? 2 : 1; copies > 0; copies--) line.send(s + n, t + n * 160, n * 160);
          }
          line.beat();
        }
        for (let n = 0; n < fates.length - 4; n++) {
          const blended = n > 0 && !arrives[n - 1] ? 40 : 0;
          const frame = line.heard.slice((n + 2) * 160 + blended, (n + 3) * 160);
          if (!arrives[n]) expect(line.beats[n + 2]).toBe('lost');
          else expect(frame).toEqual(frame.map((_, i) => soundAt(n * 160 + blended + i)));
        }
      },
    ),
    { numRuns: 60 },
  );
});

it('starts no earlier than 140 ms before the first packet that arrived', () => {
  const line = new Line();
  line.send(1, 1139, 0, 1442);
  line.send(0, 0, 0, 1);
  expect(line.buffer.delayMs).toBe(1442 / 8);
  expect(line.buffer.counters.late).toBe(1);
});

it('gives a frame for every beat and never falls far behind, whatever is sent', () => {
  const packet = fc.record({
    beats: fc.nat(3),
    sequence: fc.oneof(fc.nat(40), fc.nat(0xffff)),
    timestamp: fc.oneof(fc.nat(6400), fc.nat(0xffffffff)),
    count: fc.oneof(fc.nat(480), fc.nat(1460)),
    ssrc: fc.nat(1),
  });
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 200 }), (packets) => {
      const line = new Line();
      for (const { beats, sequence, timestamp, count, ssrc } of packets) {
        line.ssrc = ssrc;
        line.send(sequence, timestamp, 0, count);
        line.beat(beats);
        expect(line.buffer.delayMs).toBeGreaterThanOrEqual(0);
        expect(line.buffer.delayMs).toBeLessThanOrEqual(140 + 1460 / 8);
      }
      line.beat(40);
      expect(line.beats.at(-1)).toBe('silence');
    }),
    { numRuns: 100 },
  );
});
