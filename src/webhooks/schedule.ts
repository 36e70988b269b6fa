import type { Random } from '../core/index.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Between the first failure and the second try, the second failure and the third try, … */
const DELAYS = [
  5 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  1 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
];

const JITTER = 0.2;

/** As many tries an event gets: the first, and one after each delay. */
export const MAX_ATTEMPTS = DELAYS.length + 1;

/** No wait is longer than this. */
export const LONGEST_DELAY_MS = 12 * HOUR * (1 + JITTER);

/**
 * Milliseconds from a failure to the next try, spread by a fifth either way so that what failed together does
 * not come back together; undefined when that was the last try.
 *
 * @param failures how often the event has failed by now, at least 1.
 */
export function retryDelay(failures: number, random: Random): number | undefined {
  const delay = DELAYS[failures - 1];
  return delay && Math.round(delay * (1 - JITTER + 2 * JITTER * random.float()));
}
