import { guarded } from './guard.ts';

/** A timer that has been set; cancelling one that has fired or was cancelled does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * Where time comes from. Everything that waits or stamps takes one of these, so that a whole call can be
 * run in virtual time.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970 (UTC). May jump when the operator sets the clock. */
  now(): number;
  /** Milliseconds, with a fraction, since an arbitrary start. Never goes back: use it for durations. */
  monotonic(): number;
  /**
   * Runs `run` once, `ms` milliseconds from now; at once, but never during the call, when `ms` is not positive.
   * What it throws is reported as a defect (see `guard.ts`) and ends nothing else.
   * @throws RangeError when `ms` is not a finite number.
   */
  after(ms: number, run: () => void): Timer;
}

/** The longest delay that Node takes; it would run a longer one after 1 ms. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** @throws RangeError for a delay that no timer can have. */
export function checkDelay(ms: number): void {
  if (!Number.isFinite(ms)) throw new RangeError(`A timer cannot wait ${ms} ms`);
}

/** The time of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    checkDelay(ms);
    let timeout: NodeJS.Timeout;
    const fire = guarded('timer', run);
    const wait = (left: number) => {
      const step = Math.min(left, LONGEST_TIMEOUT_MS);
      timeout = setTimeout(() => (left > step ? wait(left - step) : fire()), step);
    };
    wait(ms);
    return { cancel: () => clearTimeout(timeout) };
  },
};

/** Resolves after `ms`; rejects with the signal's reason as soon as `signal` is aborted. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/**
 * Waits for `work` for at most `ms`, then rejects with `message`. The work itself is not ended by that: whoever began
 * it ends it.
 */
export async function within<T>(clock: Clock, ms: number, work: Promise<T>, message: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = clock.after(ms, () => late.reject(new Error(message)));
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    timer.cancel();
  }
}

/** RFC 3339 in UTC with whole seconds, as the wire wants it: `2026-05-29T12:02:12Z`. */
export function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
