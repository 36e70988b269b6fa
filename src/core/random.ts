import { randomBytes, randomFillSync, randomUUID } from 'node:crypto';

/** The source of random values. Code receives a `Random`, so that a run can be repeated. */
export interface Random {
  /** Uniform in [0, 1). Not for secrets. */
  float(): number;
  /** `count` bytes, suitable for keys and tokens. */
  bytes(count: number): Buffer;
  /** A version 4 UUID. */
  uuid(): string;
}

// Bytes are drawn in blocks, because drawing costs 7 µs however few they are.
const BLOCK_BYTES = 4096;
const block = Buffer.alloc(BLOCK_BYTES);
let used = BLOCK_BYTES;

/** Moves bytes from the block to memory of their own: `Buffer`'s shared pool would keep a copy of a key. */
function fromBlock(count: number): Buffer {
  if (used + count > BLOCK_BYTES) {
    randomFillSync(block);
    used = 0;
  }
  const bytes = Buffer.allocUnsafeSlow(count);
  block.copy(bytes, 0, used, used + count);
  block.fill(0, used, used + count);
  used += count;
  return bytes;
}

/** The random source of this machine. */
export const systemRandom: Random = {
  float: () => Math.random(),
  bytes: (count) => (count <= 64 ? fromBlock(count) : randomBytes(count)),
  uuid: () => randomUUID(),
};

/** Returns the same values for the same seed (mulberry32). For tests and simulations, never for secrets. */
export function seededRandom(seed: number): Random {
  const float = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const bytes = (count: number) =>
    Buffer.from(Array.from({ length: count }, () => Math.floor(float() * 256)));
  const uuid = () => {
    const hex = bytes(16).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  };
  return { float, bytes, uuid };
}
