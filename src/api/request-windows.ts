import type { Clock } from '../core/index.ts';

/** So many senders are counted at a time; who has been silent for longest is forgotten first. */
const MOST = 5000;

interface Window {
  count: number;
  endsAt: number;
}

/**
 * Counts requests in windows of time for `@fastify/rate-limit`. The plugin's own store goes by the wall clock: were
 * that set back by an hour, the window would stay open, and whoever uses it busily be refused, for as long.
 */
export const requestWindows = (clock: Clock) =>
  class RequestWindows {
    #windows = new Map<string, Window>();

    incr(
      key: string,
      told: (error: null, result: { current: number; ttl: number }) => void,
      windowMs: number,
    ): void {
      const now = clock.monotonic();
      const known = this.#windows.get(key);
      const window = known && known.endsAt > now ? known : { count: 0, endsAt: now + windowMs };
      window.count++;
      this.#windows.delete(key);
      this.#windows.set(key, window);
      if (this.#windows.size > MOST) this.#windows.delete(this.#windows.keys().next().value!);
      told(null, { current: window.count, ttl: window.endsAt - now });
    }

    /** All routes are counted together. */
    child(): this {
      return this;
    }
  };
