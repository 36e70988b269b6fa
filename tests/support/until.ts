import { sleep, systemClock } from '../../src/core/index.ts';

/**
 * Resolves as soon as something holds, which is asked for again and again; rejects, naming it, after `timeoutMs`.
 * For what sends no event.
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
