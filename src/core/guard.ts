import { Signal } from './events.ts';

/** An error that escaped the code that should have handled it. */
export interface Defect {
  /** The entry point that was running: `sip.datagram`, `timer`, `http.request`. */
  origin: string;
  error: unknown;
}

/**
 * Reports what `guarded` and `detach` catch. One per thread, because Node's own last resorts (`uncaughtException`,
 * `unhandledRejection`) are one per thread too. While nobody listens, errors are thrown again outside of the caller,
 * so that a test that provokes one fails.
 */
export const defects = new Signal<Defect>();

/** How many defects each origin has had since the start of this thread. */
export const defectCounts = new Map<string, number>();

/** Reports an error that was caught at an entry point. Never throws. */
export function reportDefect(origin: string, error: unknown): void {
  defectCounts.set(origin, (defectCounts.get(origin) ?? 0) + 1);
  if (defects.listeners === 0) {
    queueMicrotask(() => {
      throw error;
    });
    return;
  }
  try {
    defects.emit({ origin, error });
  } catch {
    // A reporter that fails must not become the next defect.
  }
}

/**
 * Makes an entry point safe: what `run` throws, or rejects with, is reported instead of reaching the event loop.
 * `failed` ends what the error belongs to: the message, the transaction, the call. It is guarded too.
 */
export function guarded<Args extends unknown[]>(
  origin: string,
  run: (...args: Args) => unknown,
  failed?: (error: unknown) => void,
): (...args: Args) => void {
  const fail = (error: unknown) => {
    reportDefect(origin, error);
    if (!failed) return;
    try {
      failed(error);
    } catch (second) {
      reportDefect(origin, second);
    }
  };
  return (...args) => {
    try {
      const result = run(...args);
      if (result instanceof Promise) result.catch(fail);
    } catch (error) {
      fail(error);
    }
  };
}

/** Lets a promise run on its own. A rejection is reported, then given to `failed`, which ends what it belongs to. */
export function detach(
  origin: string,
  work: PromiseLike<unknown> | undefined,
  failed?: (error: unknown) => void,
): void {
  guarded(origin, () => Promise.resolve(work), failed)();
}
