/** One of the two laws of ITU-T G.711 as tables: 8 bits per sample, 8,000 samples per second. */
export interface G711 {
  readonly name: 'PCMU' | 'PCMA';
  /** Static payload type (RFC 3551 §6). */
  readonly payloadType: 0 | 8;
  /** The octet of the sample closest to zero. */
  readonly silence: number;
  /** The 16-bit sample of each octet. */
  readonly samples: Int16Array;
  /** The octet of each sample, by `(sample >> 2) & 0x3fff`. Neither law uses the two lowest bits. */
  readonly octets: Uint8Array;
}

export const PCMU: G711 = {
  name: 'PCMU',
  payloadType: 0,
  silence: 0xff,
  samples: Int16Array.from({ length: 256 }, (_, octet) => expandMu(octet)),
  octets: Uint8Array.from({ length: 16384 }, (_, index) => compressMu(fourteenBits(index))),
};

export const PCMA: G711 = {
  name: 'PCMA',
  payloadType: 8,
  silence: 0xd5,
  samples: Int16Array.from({ length: 256 }, (_, octet) => expandA(octet)),
  octets: Uint8Array.from({ length: 16384 }, (_, index) => compressA(fourteenBits(index))),
};

/** Decodes `count` octets from `offset` into `samples` from `at`. */
export function decodeG711(
  law: G711,
  octets: Uint8Array,
  offset: number,
  count: number,
  samples: Int16Array,
  at = 0,
): void {
  const table = law.samples;
  for (let i = 0; i < count; i++) samples[at + i] = table[octets[offset + i]!]!;
}

/** Encodes the first `count` samples into `octets` from `at`. */
export function encodeG711(law: G711, samples: Int16Array, count: number, octets: Uint8Array, at = 0): void {
  const table = law.octets;
  for (let i = 0; i < count; i++) octets[at + i] = table[(samples[i]! >> 2) & 0x3fff]!;
}

function fourteenBits(index: number): number {
  return (index << 18) >> 18;
}

// ITU-T G.711 table 2: a bias of 33 makes every segment start at a power of two; all bits are sent inverted.
function compressMu(sample: number): number {
  const magnitude = Math.min((sample < 0 ? ~sample : sample) + 33, 0x1fff);
  const segment = 26 - Math.clz32(magnitude);
  const step = (magnitude >> (segment + 1)) & 0xf;
  return ~((sample < 0 ? 0x80 : 0) | (segment << 4) | step) & 0xff;
}

function expandMu(octet: number): number {
  const bits = ~octet;
  const segment = (bits >> 4) & 7;
  const magnitude = ((((bits & 0xf) << 1) + 33) << segment) - 33;
  return bits & 0x80 ? -magnitude * 4 : magnitude * 4;
}

// ITU-T G.711 table 1: thirteen bits, the first two segments alike; the even bits are sent inverted.
function compressA(sample: number): number {
  const magnitude = (sample < 0 ? ~sample : sample) >> 2;
  const segment = Math.max(0, 28 - Math.clz32(magnitude));
  const step = (segment > 1 ? magnitude >> (segment - 1) : magnitude) & 0xf;
  return ((sample < 0 ? 0 : 0x80) | (segment << 4) | step) ^ 0x55;
}

function expandA(octet: number): number {
  const bits = octet ^ 0x55;
  const segment = (bits >> 4) & 7;
  const step = ((bits & 0xf) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return bits & 0x80 ? magnitude : -magnitude;
}
