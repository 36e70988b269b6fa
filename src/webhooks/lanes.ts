import { detach, reportDefect } from '../core/index.ts';

interface Lane {
  running: number;
  waiting: Set<() => Promise<void>>;
}

/**
 * Runs tasks in the order given, at most `width` at a time for each key, so that whoever is slow holds up
 * nobody else.
 */
export class Lanes {
  #origin: string;
  #width: number;
  #lanes = new Map<string, Lane>();
  #size = 0;
  #idle: (() => void)[] = [];

  /** @param origin names the lanes where a task that throws is reported. */
  constructor(origin: string, width: number) {
    this.#origin = origin;
    this.#width = width;
  }

  /** Tasks that run or wait. */
  get size(): number {
    return this.#size;
  }

  /** @param task one that rejects, or throws, is reported and makes room for the next. */
  run(key: string, task: () => Promise<void>): void {
    let lane = this.#lanes.get(key);
    if (!lane) this.#lanes.set(key, (lane = { running: 0, waiting: new Set() }));
    lane.waiting.add(task);
    this.#size++;
    this.#advance(key, lane);
  }

  /** Forgets the tasks that have not begun. */
  clear(): void {
    for (const lane of this.#lanes.values()) {
      this.#size -= lane.waiting.size;
      lane.waiting.clear();
    }
    this.#tellIdle();
  }

  /** Resolves when no task runs or waits. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      this.#tellIdle();
    });
  }

  #advance(key: string, lane: Lane): void {
    for (const task of lane.waiting) {
      if (lane.running >= this.#width) return;
      lane.waiting.delete(task);
      lane.running++;
      detach(this.#origin, this.#perform(key, lane, task));
    }
  }

  async #perform(key: string, lane: Lane, task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      reportDefect(this.#origin, error);
    }
    this.#done(key, lane);
  }

  #done(key: string, lane: Lane): void {
    lane.running--;
    this.#size--;
    this.#advance(key, lane);
    if (lane.running === 0) this.#lanes.delete(key);
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#size > 0) return;
    for (const tell of this.#idle.splice(0)) tell();
  }
}
