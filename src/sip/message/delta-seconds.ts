/** RFC 3261 §25.1 `delta-seconds`: 32 bits. */
const MOST_SECONDS = 2 ** 32 - 1;

/**
 * The seconds at the beginning of a value, as in `Retry-After: 120 (maintenance)`; 0 to 4294967295, undefined when it
 * begins with none. No timer holds that long: whoever waits sets a limit.
 */
export function deltaSeconds(text: string | undefined): number | undefined {
  const digits = /^\s*(\d+)/.exec(text ?? '')?.[1];
  return digits === undefined ? undefined : Math.min(Number(digits), MOST_SECONDS);
}
