import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock, Random } from '../../core/index.ts';

/**
 * Gives out nonces and knows which of them are worn out. A nonce carries its own time, signed, so that asking
 * for many costs no memory; only those that were used with right credentials are remembered.
 */
export class NonceStore {
  #clock: Clock;
  #random: Random;
  #lifetimeMs: number;
  #capacity: number;
  #key: Buffer;
  /** By nonce, in the order of first use. */
  #used = new Map<string, { issued: number; count: number }>();
  /** Nonces given out up to then are worn out, because what was known of them had to be forgotten. */
  #forgotten = -1;

  /** @param options.lifetimeMs default five minutes. @param options.capacity nonces remembered, default 10,000. */
  constructor(clock: Clock, random: Random, options: { lifetimeMs?: number; capacity?: number } = {}) {
    this.#clock = clock;
    this.#random = random;
    this.#lifetimeMs = options.lifetimeMs ?? 300_000;
    this.#capacity = options.capacity ?? 10_000;
    this.#key = random.bytes(32);
  }

  /** Nonces that are remembered. */
  get size(): number {
    return this.#used.size;
  }

  /** @param source whom it is for: from elsewhere it is not fresh, so that nobody can use it in another's name. */
  issue(source = ''): string {
    const time = Math.floor(this.#clock.monotonic()).toString(16);
    const body = `${time}.${this.#random.bytes(8).toString('hex')}`;
    return `${body}.${this.#sign(body, source)}`;
  }

  /** Was it given out here to this source, not too long ago? */
  fresh(nonce: string, source = ''): boolean {
    const issued = this.#issued(nonce, source);
    return issued !== undefined && issued > this.#forgotten && this.#age(issued) <= this.#lifetimeMs;
  }

  /**
   * Counts a use, after the credentials were found right. RFC 7616 §3.4: a count that was seen, or one that is
   * lower, is a replay.
   * @returns false for a replay or a nonce that is not fresh.
   */
  spend(nonce: string, count: number, source = ''): boolean {
    // It counts from one.
    if (count < 1 || !this.fresh(nonce, source)) return false;
    const known = this.#used.get(nonce);
    if (known && count <= known.count) return false;
    if (known) known.count = count;
    else this.#remember(nonce, count, source);
    return true;
  }

  #remember(nonce: string, count: number, source: string): void {
    this.#used.set(nonce, { issued: this.#issued(nonce, source)!, count });
    for (const [oldest, { issued }] of this.#used) {
      const expired = this.#age(issued) > this.#lifetimeMs;
      if (!expired && this.#used.size <= this.#capacity) return;
      if (!expired) this.#forgotten = Math.max(this.#forgotten, issued);
      this.#used.delete(oldest);
    }
  }

  #age(issued: number): number {
    return this.#clock.monotonic() - issued;
  }

  #issued(nonce: string, source: string): number | undefined {
    const match = /^(([0-9a-f]{1,13})\.[0-9a-f]{16})\.([0-9a-f]{32})$/.exec(nonce);
    if (!match || !sameText(this.#sign(match[1]!, source), match[3]!)) return undefined;
    return Number.parseInt(match[2]!, 16);
  }

  #sign(body: string, source: string): string {
    return createHmac('sha256', this.#key).update(`${body} ${source}`).digest('hex').slice(0, 32);
  }
}

/** Compares in a time that does not tell where the difference is. */
export function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
