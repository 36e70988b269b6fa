import { guarded } from './guard.ts';

/** A timer that is set. `cancel` does nothing once it has fired or was canceled. */
export interface Timer {
  cancel(): void;
}

/**
 * The source of time. Code that waits or takes timestamps receives a `Clock`, so that whole calls can run in virtual
 * time.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970 (UTC). Jumps when the operator sets the clock. */
  now(): number;
  /** Milliseconds, with a fraction, since an arbitrary start. Never goes back: use it for durations. */
  monotonic(): number;
  /**
   * Runs `run` once after `ms` milliseconds.
   *
   * If `ms` is not positive, it runs as soon as possible, but never during this call. An error thrown by `run` is reported as a defect (see `guard.ts`) and affects nothing else.
   * @throws RangeError when `ms` is not a finite number.
   */
  after(ms: number, run: () => void): Timer;
}

/** The longest delay that Node accepts; it fires a longer one after 1 ms. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** @throws RangeError when `ms` is not a finite number. */
export function checkDelay(ms: number): void {
  if (!Number.isFinite(ms)) throw new RangeError(`A timer cannot wait ${ms} ms`);
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    checkDelay(ms);
    return new SystemTimer(ms, guarded('timer', run));
  },
};

class SystemTimer implements Timer {
  #timeout: NodeJS.Timeout;

  constructor(ms: number, fire: () => void) {
    this.#timeout = this.#start(ms, fire);
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }

  #start(ms: number, fire: () => void): NodeJS.Timeout {
    if (ms <= MAX_TIMEOUT_MS) return setTimeout(fire, ms);
    return setTimeout(() => {
      this.#timeout = this.#start(ms - MAX_TIMEOUT_MS, fire);
    }, MAX_TIMEOUT_MS);
  }
}

/** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as `signal` is aborted. */
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

/** Settles as `work` does, or rejects with `message` after `ms` milliseconds. It does not stop `work`. */
export async function withTimeout<T>(
  clock: Clock,
  ms: number,
  work: Promise<T>,
  message: string,
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = clock.after(ms, () => late.reject(new Error(message)));
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    timer.cancel();
  }
}

/** Formats a time as RFC 3339 in UTC with whole seconds: `2026-05-29T12:02:12Z`. */
export function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
