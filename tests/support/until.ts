import { sleep, systemClock } from '../../src/core/index.ts';

/**
 * Resolves as soon as a condition holds, which is polled; rejects with its name after `timeoutMs`.
 * For conditions without an event.
 */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = systemClock.monotonic() + timeoutMs;
  while (!(await holds())) {
    if (systemClock.monotonic() > deadline) throw new Error(`not so within ${timeoutMs} ms: ${what}`);
    await sleep(systemClock, 20);
  }
}
