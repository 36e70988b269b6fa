import { detach, reportDefect } from '../core/index.ts';

interface KeyState {
  running: number;
  waiting: Set<() => Promise<void>>;
}

/**
 * Runs tasks in order, at most `limit` at a time per key, so that a slow key delays no other.
 *
 * `FairQueue` shares a fixed number of workers among tenants; here the number of keys that run at once is unlimited,
 * and starting a task costs the same however many keys there are.
 */
export class ConcurrencyLimiter {
  #origin: string;
  #limit: number;
  #keys = new Map<string, KeyState>();
  /** Tasks that run or wait. */
  #size = 0;
  #onIdle: (() => void)[] = [];

  /** @param origin names this limiter where a task that throws is reported. */
  constructor(origin: string, limit: number) {
    this.#origin = origin;
    this.#limit = limit;
  }

  /** Runs a task when its turn comes. A task that throws or rejects is reported, and the next one runs. */
  run(key: string, task: () => Promise<void>): void {
    let state = this.#keys.get(key);
    if (!state) this.#keys.set(key, (state = { running: 0, waiting: new Set() }));
    state.waiting.add(task);
    this.#size++;
    this.#startWaiting(key, state);
  }

  /** Drops the tasks that have not started. */
  clear(): void {
    for (const state of this.#keys.values()) {
      this.#size -= state.waiting.size;
      state.waiting.clear();
    }
    this.#reportIdle();
  }

  /** Resolves when no task runs or waits. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle.push(resolve);
      this.#reportIdle();
    });
  }

  #startWaiting(key: string, state: KeyState): void {
    for (const task of state.waiting) {
      if (state.running >= this.#limit) return;
      state.waiting.delete(task);
      state.running++;
      detach(this.#origin, this.#perform(key, state, task));
    }
  }

  async #perform(key: string, state: KeyState, task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      reportDefect(this.#origin, error);
    }
    state.running--;
    this.#size--;
    this.#startWaiting(key, state);
    if (state.running === 0) this.#keys.delete(key);
    this.#reportIdle();
  }

  #reportIdle(): void {
    if (this.#size > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}
