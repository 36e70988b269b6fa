import { LruMap } from 'toad-cache';
import type { Clock } from '../core/index.ts';

/** An answer of a name service and its lifetime in milliseconds. */
export interface Answer<T> {
  value: T;
  lifetimeMs: number;
}

/** Bounds of the lifetime: a call must not ask for a name again and again, and a change must take effect. */
const LIFETIME_MS = { min: 5_000, max: 5 * 60_000 };
/** A name that does not exist, or whose servers do not answer, is looked up again after this time. */
const FAILED_MS = 5_000;
/** How long an expired answer is used while the name servers do not answer. */
const STALE_MS = 24 * 3_600_000;
const MAX_NAMES = 10_000;

interface Entry<T> {
  answer?: T;
  /** When the answer or failure expires, and when the answer is no longer used at all, in monotonic time. */
  freshUntil: number;
  staleUntil: number;
  failure?: unknown;
  lookup?: Promise<T>;
}

/**
 * Caches the answers of a name service.
 *
 * Each name is looked up once per lifetime of its answer, and never twice at the same time. While the name servers do
 * not answer, the last answer of the last 24 hours stays in use.
 */
export class NameCache<T> {
  #clock: Clock;
  #lookUp: (name: string) => Promise<Answer<T>>;
  #isOutage: (error: unknown) => boolean;
  #entries = new LruMap<Entry<T>>(MAX_NAMES);

  /** @param isOutage whether a failure means that no name server answered. */
  constructor(
    clock: Clock,
    lookUp: (name: string) => Promise<Answer<T>>,
    isOutage: (error: unknown) => boolean,
  ) {
    this.#clock = clock;
    this.#lookUp = lookUp;
    this.#isOutage = isOutage;
  }

  /** Returns the value of a name. Rejects as `lookUp` does. */
  get(name: string): Promise<T> {
    const key = name.toLowerCase();
    const entry = this.#entries.get(key) ?? this.#add(key);
    if (entry.lookup) return entry.lookup;
    const isFresh = this.#clock.monotonic() < entry.freshUntil;
    if (isFresh && entry.failure !== undefined) return Promise.reject(entry.failure);
    if (isFresh && entry.answer !== undefined) return Promise.resolve(entry.answer);
    entry.lookup = this.#refresh(key, entry).finally(() => {
      delete entry.lookup;
    });
    return entry.lookup;
  }

  async #refresh(key: string, entry: Entry<T>): Promise<T> {
    try {
      const { value, lifetimeMs } = await this.#lookUp(key);
      const { min, max } = LIFETIME_MS;
      const now = this.#clock.monotonic();
      entry.answer = value;
      entry.freshUntil = now + Math.min(Math.max(lifetimeMs, min), max);
      entry.staleUntil = now + STALE_MS;
      delete entry.failure;
      return value;
    } catch (error) {
      return this.#failed(entry, error);
    }
  }

  #failed(entry: Entry<T>, error: unknown): T {
    const now = this.#clock.monotonic();
    entry.freshUntil = now + FAILED_MS;
    if (entry.answer !== undefined && this.#isOutage(error) && now < entry.staleUntil) return entry.answer;
    delete entry.answer;
    entry.failure = error;
    throw error;
  }

  #add(key: string): Entry<T> {
    const entry: Entry<T> = { freshUntil: 0, staleUntil: 0 };
    this.#entries.set(key, entry);
    return entry;
  }
}
