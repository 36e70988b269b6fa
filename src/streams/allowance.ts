import type { Clock } from '../core/index.ts';

/** How much one may ask at once, and for how long on end: a bucket that fills with time and is drawn from. */
export class Allowance {
  #clock: Clock;
  #burst: number;
  #perSecond: number;
  #left: number;
  #since: number;

  constructor(clock: Clock, limits: { burst: number; perSecond: number }) {
    this.#clock = clock;
    this.#burst = limits.burst;
    this.#perSecond = limits.perSecond;
    this.#left = limits.burst;
    this.#since = clock.monotonic();
  }

  /** @returns whether there was so much left; where not, nothing is drawn. */
  take(cost: number): boolean {
    const now = this.#clock.monotonic();
    this.#left = Math.min(this.#burst, this.#left + ((now - this.#since) * this.#perSecond) / 1000);
    this.#since = now;
    if (cost > this.#left) return false;
    this.#left -= cost;
    return true;
  }
}
