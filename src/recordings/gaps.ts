import type { Gap } from './store.ts';

/**
 * What a file of this length leaves out, when this was known of it. What was still left out when the file was cut off
 * goes on to its end; how long a stretch was that is not in the file, nobody knows then, and it ends where it began.
 */
export function gapsWithin(gaps: Gap[], durationMs: number): Gap[] {
  const endMs = durationMs + skippedMs(gaps);
  return gaps
    .map((gap) => ({
      ...gap,
      endMs: isOpen(gap) && gap.cause !== 'skip' ? endMs : Math.min(gap.endMs, endMs),
    }))
    .filter((gap) => gap.endMs > gap.startMs || (gap.cause === 'skip' && gap.endMs === gap.startMs));
}

/** A gap that goes on ends where it began. */
const isOpen = ({ startMs, endMs }: Gap): boolean => endMs === startMs;

/** How much of the time of a recording is not in its file. */
export const skippedMs = (gaps: Gap[]): number =>
  gaps.reduce((sum, { cause, startMs, endMs }) => (cause === 'skip' ? sum + endMs - startMs : sum), 0);
