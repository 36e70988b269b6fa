import type { Clock } from '../core/index.ts';

/** An answer of a name service, and how long it may be used, in milliseconds. */
export interface Answer<T> {
  value: T;
  lifetimeMs: number;
}

/** Bounds on the lifetime of an answer: later requests of a call must not ask again, and a change must be seen. */
const LIFETIME_MS = { shortest: 5_000, longest: 5 * 60_000 };
/** A name that does not exist, or whose servers are silent, is asked for again after this. */
const FAILED_MS = 5_000;
/** How long an old answer is used while the name servers are silent. */
const STALE_MS = 24 * 3_600_000;
const MAX_NAMES = 10_000;

interface Entry<T> {
  answer?: T;
  /** Use of the answer, and of a failure, by the monotonic clock. */
  freshUntil: number;
  staleUntil: number;
  failure?: unknown;
  asking?: Promise<T>;
}

/**
 * Asks for each name once per lifetime of its answer, whoever wants it, and once at a time. While the name servers
 * are silent, the last answer of the last 24 hours stays in use.
 */
export class NameCache<T> {
  #clock: Clock;
  #ask: (name: string) => Promise<Answer<T>>;
  #isSilence: (error: unknown) => boolean;
  #entries = new Map<string, Entry<T>>();

  /** @param isSilence whether a failure means that no name server has answered, and not that there is no such name. */
  constructor(
    clock: Clock,
    ask: (name: string) => Promise<Answer<T>>,
    isSilence: (error: unknown) => boolean,
  ) {
    this.#clock = clock;
    this.#ask = ask;
    this.#isSilence = isSilence;
  }

  /** Rejects as `ask` does. */
  get(name: string): Promise<T> {
    const key = name.toLowerCase();
    const entry = this.#entries.get(key) ?? this.#add(key);
    if (entry.asking) return entry.asking;
    const isFresh = this.#clock.monotonic() < entry.freshUntil;
    if (isFresh && entry.failure !== undefined) return Promise.reject(entry.failure);
    if (isFresh && entry.answer !== undefined) return Promise.resolve(entry.answer);
    entry.asking = this.#refresh(key, entry).finally(() => {
      delete entry.asking;
    });
    return entry.asking;
  }

  async #refresh(key: string, entry: Entry<T>): Promise<T> {
    try {
      const { value, lifetimeMs } = await this.#ask(key);
      const { shortest, longest } = LIFETIME_MS;
      const now = this.#clock.monotonic();
      entry.answer = value;
      entry.freshUntil = now + Math.min(Math.max(lifetimeMs, shortest), longest);
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
    if (entry.answer !== undefined && this.#isSilence(error) && now < entry.staleUntil) return entry.answer;
    delete entry.answer;
    entry.failure = error;
    throw error;
  }

  #add(key: string): Entry<T> {
    const entry: Entry<T> = { freshUntil: 0, staleUntil: 0 };
    this.#entries.set(key, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_NAMES) this.#entries.delete(oldest!);
    return entry;
  }
}
