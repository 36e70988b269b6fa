import { Signal } from './events.ts';

/** An error that escaped the code that should have handled it. */
export interface Defect {
  /** The entry point that was running: `sip.datagram`, `timer`, `http.request`. */
  origin: string;
  error: unknown;
}

/**
 * Emits the errors that `guarded` and `detach` catch. Each thread has its own, as each thread has its own
 * `uncaughtException`. While it has no listener, errors are thrown again in a microtask, so that a test that causes one
 * fails.
 */
export const defects = new Signal<Defect>();

/** The number of defects by origin since this thread started. */
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
    // A listener that fails must not cause the next defect.
  }
}

/**
 * Wraps an entry point so that its errors are reported instead of reaching the event loop.
 *
 * `failed` then ends what the error belongs to: the message, the transaction, the call. It is guarded as well.
 */
export function guarded<Args extends unknown[]>(
  origin: string,
  run: (...args: Args) => unknown,
  failed?: (error: unknown) => void,
): (...args: Args) => void {
  return (...args) => {
    try {
      const result = run(...args);
      if (result instanceof Promise) result.catch((error) => fail(origin, error, failed));
    } catch (error) {
      fail(origin, error, failed);
    }
  };
}

function fail(origin: string, error: unknown, failed: ((error: unknown) => void) | undefined): void {
  reportDefect(origin, error);
  if (!failed) return;
  try {
    failed(error);
  } catch (second) {
    reportDefect(origin, second);
  }
}

/** Lets a promise run unawaited. A rejection is reported and passed to `failed`, which ends what it belongs to. */
export function detach(
  origin: string,
  work: PromiseLike<unknown> | undefined,
  failed?: (error: unknown) => void,
): void {
  Promise.resolve(work).catch((error) => fail(origin, error, failed));
}
