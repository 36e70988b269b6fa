import { createHash } from 'node:crypto';
import type { Random } from '../core/index.ts';

const PREFIX = 'mv_live_';

/** A new API key: 192 bits of chance. Shown once; only `hashKey` of it is kept. */
export function makeKey(random: Random): string {
  return PREFIX + random.bytes(24).toString('hex');
}

/** Hex SHA-256. Nothing slower is needed: a key cannot be guessed as a password can. */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** Tells keys apart on a page without telling them: `mv_live_ab12`. */
export function hintOf(key: string): string {
  return key.slice(0, PREFIX.length + 4);
}
