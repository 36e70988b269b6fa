import type { Clock } from '../kit/index.ts';
import { SensitiveValues } from './sensitive-values.ts';

const DAY_MS = 86_400_000;
const MAX_CALLS = 10_000;

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
