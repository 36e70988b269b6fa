import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock, Random } from '../../core/index.ts';

/**
 * Issues nonces and checks their age and use. A nonce contains its signed time of issue, so unused nonces take no
 * memory; only nonces used with correct credentials are stored.
 */
export class NonceStore {
  #clock: Clock;
  #random: Random;
  #lifetimeMs: number;
  #capacity: number;
  #key: Buffer;
  /** By nonce, in the order of first use. */
  #used = new Map<string, { issued: number; count: number }>();
  /** Nonces issued up to this time count as expired, because their use counts were evicted. */
  #evictedUntil = -1;

  /** @param options.lifetimeMs default 300,000. @param options.capacity number of stored nonces, default 10,000. */
  constructor(clock: Clock, random: Random, options: { lifetimeMs?: number; capacity?: number } = {}) {
    this.#clock = clock;
    this.#random = random;
    this.#lifetimeMs = options.lifetimeMs ?? 300_000;
    this.#capacity = options.capacity ?? 10_000;
    this.#key = random.bytes(32);
  }

  /** Number of stored nonces. */
  get size(): number {
    return this.#used.size;
  }

  /** Issues a nonce. @param source the only network that may use it, so that others cannot replay it. */
  issue(source = ''): string {
    const time = Math.floor(this.#clock.monotonic()).toString(16);
    const body = `${time}.${this.#random.bytes(8).toString('hex')}`;
    return `${body}.${this.#sign(body, source)}`;
  }

  /** Whether the nonce was issued here to this source and has not expired. */
  isFresh(nonce: string, source = ''): boolean {
    const issued = this.#issued(nonce, source);
    return issued !== undefined && issued > this.#evictedUntil && this.#age(issued) <= this.#lifetimeMs;
  }

  /**
   * Records a use with correct credentials. A count that is not higher than the last one is a replay (RFC 7616 §3.4).
   * @returns false for a replay or an expired nonce.
   */
  use(nonce: string, count: number, source = ''): boolean {
    if (count < 1 || !this.isFresh(nonce, source)) return false;
    const known = this.#used.get(nonce);
    if (known && count <= known.count) return false;
    if (known) known.count = count;
    else this.#store(nonce, count, source);
    return true;
  }

  #store(nonce: string, count: number, source: string): void {
    this.#used.set(nonce, { issued: this.#issued(nonce, source)!, count });
    for (const [oldest, { issued }] of this.#used) {
      const expired = this.#age(issued) > this.#lifetimeMs;
      if (!expired && this.#used.size <= this.#capacity) return;
      if (!expired) this.#evictedUntil = Math.max(this.#evictedUntil, issued);
      this.#used.delete(oldest);
    }
  }

  #age(issued: number): number {
    return this.#clock.monotonic() - issued;
  }

  #issued(nonce: string, source: string): number | undefined {
    const match = /^(([0-9a-f]{1,13})\.[0-9a-f]{16})\.([0-9a-f]{32})$/.exec(nonce);
    if (!match || !equalsInConstantTime(this.#sign(match[1]!, source), match[3]!)) return undefined;
    return Number.parseInt(match[2]!, 16);
  }

  #sign(body: string, source: string): string {
    return createHmac('sha256', this.#key).update(`${body} ${source}`).digest('hex').slice(0, 32);
  }
}

/** Compares two strings in constant time. */
export function equalsInConstantTime(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
