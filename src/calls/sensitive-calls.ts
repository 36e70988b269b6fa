import type { Clock } from '../core/index.ts';
import { SensitiveValues } from './sensitive-values.ts';

const DAY_MS = 86_400_000;
const MAX_CALLS = 10_000;

/**
 * Bytes to read of a text beyond those that are stored: a sensitive value may begin before the cut and end behind it.
 */
export const CUT_MARGIN_BYTES = 1024;

/**
 * A body as it is stored: masked first and cut then, so that no beginning of a sensitive value remains at the end.
 * @param maxBytes of UTF-8 that are kept.
 */
export function storedText(body: Buffer, maxBytes: number, mask: (text: string) => string): string {
  const text = body.subarray(0, maxBytes + CUT_MARGIN_BYTES).toString('utf8');
  // PostgreSQL stores no NUL in a text.
  const masked = mask(text.replaceAll('\0', '\uFFFD'));
  return Buffer.from(masked).subarray(0, maxBytes).toString('utf8');
}

interface Entry {
  values: SensitiveValues;
  /** When the last value was added, in milliseconds of the monotonic clock. */
  addedAt: number;
}

/**
 * The sensitive values of the calls of the last 24 hours, in memory only: what an application's server echoes after
 * the call is masked too, whichever event it answers.
 */
export class SensitiveCalls {
  #clock: Clock;
  /** The oldest first. */
  #calls = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(callId: string, value: string): void {
    if (value === '') return;
    const values = this.#calls.get(callId)?.values ?? new SensitiveValues();
    values.add(value);
    this.#calls.delete(callId);
    this.#calls.set(callId, { values, addedAt: this.#clock.monotonic() });
    this.#forget();
  }

  /** Undefined where nothing of the call is sensitive. */
  of(callId: string): SensitiveValues | undefined {
    this.#forget();
    return this.#calls.get(callId)?.values;
  }

  mask(callId: string, text: string): string {
    return this.of(callId)?.mask(text) ?? text;
  }

  #forget(): void {
    const before = this.#clock.monotonic() - DAY_MS;
    for (const [callId, { addedAt }] of this.#calls) {
      if (addedAt > before && this.#calls.size <= MAX_CALLS) return;
      this.#calls.delete(callId);
    }
  }
}
