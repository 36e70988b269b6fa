import type { Clock, Random } from '../core/index.ts';
import type { AttemptRecord, EventRecord } from './store.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Delays after the first failed attempt, the second, …, in milliseconds. */
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

/** Attempts per event: the first, and one after each delay. */
export const MAX_ATTEMPTS = DELAYS.length + 1;

/** The longest delay with its jitter, in milliseconds. */
export const MAX_DELAY_MS = 12 * HOUR * (1 + JITTER);

/** RFC 9110 §15.5.11: the receiver is gone for good. */
const GONE = 410;

/** The state of an event after an attempt: delivered, pending until its next attempt, or dead. */
export function outcomeOf(
  { attempt, status, error }: Pick<AttemptRecord, 'attempt' | 'status' | 'error'>,
  { clock, random }: { clock: Clock; random: Random },
): Pick<EventRecord, 'state' | 'nextAttemptAt'> {
  if (error === null) return { state: 'delivered', nextAttemptAt: null };
  const delay = status === GONE ? undefined : retryDelay(attempt, random);
  if (delay === undefined) return { state: 'dead', nextAttemptAt: null };
  return { state: 'pending', nextAttemptAt: clock.now() + delay };
}

/**
 * Milliseconds until the next attempt; undefined after the last one. Jitter of ±20 % keeps events that failed together
 * from being retried together.
 * @param failures failed attempts so far, at least 1.
 */
function retryDelay(failures: number, random: Random): number | undefined {
  const delay = DELAYS[failures - 1];
  return delay && Math.round(delay * (1 - JITTER + 2 * JITTER * random.float()));
}
