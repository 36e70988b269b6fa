import { describe, expect, it } from 'vitest';
import { decodeG711, encodeG711, type G711, PCMA, PCMU } from './g711.ts';

const decoded = (law: G711, octets: number[]) => {
  const samples = new Int16Array(octets.length);
  decodeG711(law, Uint8Array.from(octets), 0, octets.length, samples);
  return [...samples];
};

const encoded = (law: G711, samples: number[]) => {
  const octets = new Uint8Array(samples.length);
  encodeG711(law, Int16Array.from(samples), samples.length, octets);
  return [...octets];
};

describe('µ-law', () => {
  it('decodes the limits of G.711 table 2', () => {
    // y values of the table (14 bits) times four.
    expect(decoded(PCMU, [0x80, 0x8f, 0x9f, 0xef, 0xfe, 0xff, 0x7f, 0x7e, 0x00])).toEqual([
      32124, 16764, 8316, 132, 8, 0, 0, -8, -32124,
    ]);
  });

  it('encodes with the decision values of G.711 table 2', () => {
    // Decision values x1 = 1, x16 = 31, x17 = 35 and the last segment from 4063, in units of four.
    expect(encoded(PCMU, [0, 3, 4, 30 * 4, 31 * 4, 34 * 4, 35 * 4])).toEqual([
      0xff, 0xff, 0xfe, 0xf0, 0xef, 0xef, 0xee,
    ]);
    expect(encoded(PCMU, [4062 * 4, 4063 * 4, 32767, -32768])).toEqual([0x90, 0x8f, 0x80, 0x00]);
  });
});

describe('A-law', () => {
  it('decodes the limits of G.711 table 1', () => {
    expect(decoded(PCMA, [0xaa, 0xd5, 0xd4, 0x55, 0x2a, 0xc5, 0xf5])).toEqual([
      32256, 8, 24, -8, -32256, 264, 528,
    ]);
  });

  it('encodes with the decision values of G.711 table 1', () => {
    expect(encoded(PCMA, [0, 15, 16, 31 * 16, 32 * 16, 32767, -1, -16, -17, -32768])).toEqual([
      0xd5, 0xd5, 0xd4, 0xca, 0xf5, 0xaa, 0x55, 0x55, 0x54, 0x2a,
    ]);
  });
});

describe.each([PCMU, PCMA])('$name', (law) => {
  it('encodes a decoded octet as the same sound', () => {
    for (let octet = 0; octet < 256; octet++) {
      const [sample] = decoded(law, [octet]);
      expect(decoded(law, encoded(law, [sample!]))).toEqual([sample]);
    }
  });

  it('has an error of at most half a step, a sixteenth of the sample', () => {
    for (let sample = -32768; sample < 32768; sample += 7) {
      const [output] = decoded(law, encoded(law, [sample]));
      expect(Math.abs(output! - sample)).toBeLessThanOrEqual(
        Math.max(16, Math.abs(sample) / 32 + 4, Math.abs(sample) - 32124),
      );
    }
  });

  it('is monotonic', () => {
    let before = Number.NEGATIVE_INFINITY;
    for (let sample = -32768; sample < 32768; sample += 2) {
      const [output] = decoded(law, encoded(law, [sample]));
      expect(output!).toBeGreaterThanOrEqual(before);
      before = output!;
    }
  });

  it('encodes zero as its silence octet', () => {
    expect(encoded(law, [0])).toEqual([law.silence]);
  });
});

it('decodes the digital milliwatt of both laws to the same level', () => {
  // ITU-T G.711 tables 5 and 6: one period of 1 kHz at 0 dBm0, 3.14 and 3.17 dB below the loudest sine.
  const level = (samples: number[]) =>
    10 * Math.log10(samples.reduce((sum, s) => sum + s * s, 0) / samples.length / (32768 ** 2 / 2));
  const mu = decoded(PCMU, [0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e]);
  const a = decoded(PCMA, [0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4]);
  expect(level(mu)).toBeCloseTo(-3.3, 0);
  expect(Math.abs(level(mu) - level(a))).toBeLessThan(0.1);
});
