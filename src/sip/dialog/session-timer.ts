import type { Clock, Timer } from '../../core/index.ts';
import { hasOption, type SipRequest, type SipResponse } from '../message/index.ts';

/** A session interval (RFC 4028): when a session without a refresh expires, and who refreshes it. */
export interface SessionInterval {
  seconds: number;
  /** The role in the transaction that negotiated it. */
  refresher: 'uac' | 'uas';
}

/** Our session timer settings, in seconds. */
export interface SessionTimerPolicy {
  sessionExpires: number | undefined;
  minSe: number;
}

/** Longest interval in seconds (23 days), the limit of a 31-bit timer in milliseconds. */
const MAX_SECONDS = 2_000_000;

/** Reads Session-Expires or Min-SE; undefined if it is missing or malformed. */
export function readInterval(
  message: SipRequest | SipResponse,
  name: 'Session-Expires' | 'Min-SE',
): { seconds: number; refresher: string | undefined } | undefined {
  const match = /^\s*(\d{1,9})\s*(?:;\s*(.*))?$/.exec(message.headers.get(name) ?? '');
  if (!match) return undefined;
  const refresher = /(?:^|;)\s*refresher\s*=\s*(uac|uas)\s*(?:;|$)/i.exec(match[2] ?? '')?.[1];
  return { seconds: Math.min(Number(match[1]), MAX_SECONDS), refresher: refresher?.toLowerCase() };
}

/**
 * Determines the interval of our 2xx as UAS (RFC 4028 §9).
 * @returns `too_small` (answer 422 with our Min-SE), or undefined for a session without timer.
 */
export function negotiateInterval(
  request: SipRequest,
  policy: SessionTimerPolicy,
): SessionInterval | 'too_small' | undefined {
  const supportsTimer = hasOption(request, 'Supported', 'timer');
  const requested = readInterval(request, 'Session-Expires');
  if (requested && requested.seconds < policy.minSe && supportsTimer) return 'too_small';
  const least = Math.max(readInterval(request, 'Min-SE')?.seconds ?? 0, policy.minSe);
  const own = policy.sessionExpires === undefined ? undefined : Math.max(policy.sessionExpires, least);
  if (!requested && (own === undefined || !supportsTimer)) return undefined;
  const seconds = Math.max(Math.min(requested?.seconds ?? own!, own ?? requested!.seconds), least);
  // RFC 4028 table 2: a UAC without timer support cannot refresh; else the requested refresher, default the UAC.
  const refresher = supportsTimer ? (requested?.refresher === 'uas' ? 'uas' : 'uac') : 'uas';
  return { seconds, refresher };
}

/** The interval of a 2xx to our request as UAC (RFC 4028 §7.2). @param minSe the Min-SE of our request. */
export function acceptedInterval(response: SipResponse, minSe: number): SessionInterval | undefined {
  const agreed = readInterval(response, 'Session-Expires');
  if (!agreed) return undefined;
  return { seconds: Math.max(agreed.seconds, minSe), refresher: agreed.refresher === 'uas' ? 'uas' : 'uac' };
}

/** The session timer fields of our 2xx. */
export function intervalHeaders(interval: SessionInterval | undefined): [string, string][] {
  if (!interval) return [];
  const { seconds, refresher } = interval;
  const headers: [string, string][] = [['Session-Expires', `${seconds};refresher=${refresher}`]];
  // RFC 4028 §9: required if the UAC is the refresher.
  if (refresher === 'uac') headers.push(['Require', 'timer']);
  return headers;
}

/** First delay in ms before a refused refresh is repeated; doubles each time. */
const RETRY_MS = 5000;

/** Refreshes a session, or reports its expiry if the peer does not refresh it (RFC 4028 §10). */
export class SessionTimer {
  /** The current interval. */
  interval: { seconds: number; refresher: 'local' | 'remote' } | undefined;
  #clock: Clock;
  #refresh: () => void;
  #expired: () => void;
  #timers: Timer[] = [];
  /** Monotonic time in ms at which the session expires. */
  #deadline = 0;
  #retries = 0;

  constructor(clock: Clock, refresh: () => void, expired: () => void) {
    this.#clock = clock;
    this.#refresh = refresh;
    this.#expired = expired;
  }

  /** Restarts the timer with the interval of the last 2xx. @param role ours in that transaction. */
  restart(interval: SessionInterval | undefined, role: 'uac' | 'uas'): void {
    this.stop();
    this.#retries = 0;
    this.interval = interval && {
      seconds: interval.seconds,
      refresher: interval.refresher === role ? 'local' : 'remote',
    };
    if (!this.interval) return;
    const { seconds, refresher } = this.interval;
    // RFC 4028 §10: refresh after half of the interval; expire 32 s, or a third of it, before its end.
    const lifetime = seconds - Math.min(32, seconds / 3);
    this.#deadline = this.#clock.monotonic() + lifetime * 1000;
    this.#timers.push(this.#clock.after(lifetime * 1000, this.#expired));
    if (refresher === 'local') this.#timers.push(this.#clock.after(seconds * 500, this.#refresh));
  }

  /**
   * Schedules another refresh after a refusal, unless the session expires before.
   * @param seconds the peer's Retry-After. @returns whether a refresh is scheduled.
   */
  retry(seconds: number): boolean {
    const ms = Math.max(seconds * 1000, RETRY_MS * 2 ** this.#retries++);
    if (this.#timers.length === 0 || this.#clock.monotonic() + ms >= this.#deadline) return false;
    this.#timers.push(this.#clock.after(ms, this.#refresh));
    return true;
  }

  /** The fields of our refresh request, with an unchanged refresher. */
  headers(): [string, string][] {
    if (!this.interval) return [];
    const refresher = this.interval.refresher === 'local' ? 'uac' : 'uas';
    return [['Session-Expires', `${this.interval.seconds};refresher=${refresher}`]];
  }

  /** Raises the interval to the Min-SE of a 422 (RFC 4028 §7.3). */
  raise(seconds: number): void {
    if (this.interval) this.interval.seconds = Math.max(this.interval.seconds, seconds);
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }
}
