import type { Clock, Timer } from '../../core/index.ts';
import type { SessionInterval } from './session-interval.ts';

/** After a refresh that is refused we try again this late, twice as late each time. */
const RETRY_MS = 5000;

/** RFC 4028 §10: keeps a session alive, or ends it when the other side has stopped to. */
export class SessionTimer {
  /** What is in force. */
  interval: { seconds: number; refresher: 'local' | 'remote' } | undefined;
  #clock: Clock;
  #refresh: () => void;
  #expired: () => void;
  #timers: Timer[] = [];
  /** By the monotonic clock, in ms: when both sides give up. */
  #deadline = 0;
  #refusals = 0;

  constructor(clock: Clock, refresh: () => void, expired: () => void) {
    this.#clock = clock;
    this.#refresh = refresh;
    this.#expired = expired;
  }

  /** Starts anew with what the last 2xx agreed on. @param role ours in that transaction. */
  agreed(interval: SessionInterval | undefined, role: 'uac' | 'uas'): void {
    this.stop();
    this.#refusals = 0;
    this.interval = interval && {
      seconds: interval.seconds,
      refresher: interval.refresher === role ? 'local' : 'remote',
    };
    if (!this.interval) return;
    const { seconds, refresher } = this.interval;
    // The side that refreshes does so at half time; both give up 32 s, or a third, before the end.
    const latest = seconds - Math.min(32, seconds / 3);
    this.#deadline = this.#clock.monotonic() + latest * 1000;
    this.#timers.push(this.#clock.after(latest * 1000, this.#expired));
    if (refresher === 'local') this.#timers.push(this.#clock.after(seconds * 500, this.#refresh));
  }

  /**
   * Refreshes again after a refusal. Where there is no time left for it, the session expires as agreed.
   * @param seconds what the other side asks us to wait at least. @returns whether there is time.
   */
  retry(seconds: number): boolean {
    const ms = Math.max(seconds * 1000, RETRY_MS * 2 ** this.#refusals++);
    if (this.#timers.length === 0 || this.#clock.monotonic() + ms >= this.#deadline) return false;
    this.#timers.push(this.#clock.after(ms, this.#refresh));
    return true;
  }

  /** The fields of a request that refreshes it: who has to refresh stays the same. */
  fields(): [string, string][] {
    if (!this.interval) return [];
    const refresher = this.interval.refresher === 'local' ? 'uac' : 'uas';
    return [['Session-Expires', `${this.interval.seconds};refresher=${refresher}`]];
  }

  /** RFC 4028 §7.3: a 422 says how long it has to be at least. */
  raise(seconds: number): void {
    if (this.interval) this.interval.seconds = Math.max(this.interval.seconds, seconds);
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }
}
