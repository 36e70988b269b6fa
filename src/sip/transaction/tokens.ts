import type { Random } from '../../core/index.ts';

// A system call per token would be slow, so random bytes are drawn in bulk.
const POOL_BYTES = 1024;
const TAG_BYTES = 8;
const BRANCH_BYTES = 10;

/** Generates unique, unguessable tags and branches. */
export class TokenGenerator {
  #random: Random;
  #pool = '';
  #used = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A From or To tag (RFC 3261 §19.3). */
  tag(): string {
    return this.#draw(TAG_BYTES);
  }

  /** A Via branch with the magic cookie (RFC 3261 §8.1.1.7). */
  branch(): string {
    return `z9hG4bK${this.#draw(BRANCH_BYTES)}`;
  }

  #draw(bytes: number): string {
    if (this.#used + 2 * bytes > this.#pool.length) {
      this.#pool = this.#random.bytes(POOL_BYTES).toString('hex');
      this.#used = 0;
    }
    this.#used += 2 * bytes;
    return this.#pool.slice(this.#used - 2 * bytes, this.#used);
  }
}
