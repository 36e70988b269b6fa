import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ulawSample } from '../../e2e/support/pcap.ts';
import { seededRandom } from '../../src/core/index.ts';

/** This many equal samples in a row do not occur by chance. */
const LENGTH = 20;

/** A frame of audio that is unique, wherever it is found and however it is encoded. */
export class Mark {
  /** 160 loud, different bytes of µ-law. */
  readonly frame: Uint8Array;

  constructor(seed: number) {
    const random = seededRandom(seed);
    const octet = () => Math.floor(random.float() * 0x60) | (random.float() < 0.5 ? 0x80 : 0);
    this.frame = Uint8Array.from({ length: 160 }, octet);
  }

  /** Its possible encodings. */
  get patterns(): Buffer[] {
    const octets = Buffer.from(this.frame.subarray(0, LENGTH));
    const samples = [...octets].map(ulawSample);
    return [octets, pcm(samples, 1), pcm(samples, 2), ...[0, 1, 2].map((shift) => base64(octets, shift))];
  }
}

/** As mono, or as the left channel with a silent right channel. */
function pcm(samples: number[], channels: 1 | 2): Buffer {
  const bytes = Buffer.alloc(samples.length * channels * 2);
  for (const [i, sample] of samples.entries()) bytes.writeInt16LE(sample, i * channels * 2);
  return bytes;
}

/** As base64 with this offset, without the ends, which depend on neighboring bytes. */
function base64(octets: Buffer, shift: number): Buffer {
  const text = Buffer.concat([Buffer.alloc(shift), octets]).toString('base64');
  return Buffer.from(text.slice(4, Math.floor((octets.length + shift) / 3) * 4));
}

/** Everything that a server has written: its output, and its files except the operator's secrets. */
export function writtenBy(dataDir: string, log: string[]): Map<string, Buffer> {
  const files = readdirSync(dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('/secrets'))
    .map((entry) => join(entry.parentPath, entry.name));
  const all = new Map(files.map((file) => [file.slice(dataDir.length + 1), readFileSync(file)]));
  return all.set('log', Buffer.from(log.join('\n')));
}

/** The places of the patterns. */
export function placesOf(patterns: (Buffer | string)[], written: Map<string, Buffer>): string[] {
  return [...written]
    .filter(([, bytes]) => patterns.some((each) => bytes.includes(each)))
    .map(([name]) => name);
}
