import { type Clock, checkDelay, type Timer } from '../clock.ts';
import { guarded } from '../guard.ts';

interface Due {
  at: number;
  order: number;
  run: () => void;
}

/** A clock that moves only in `advance`. Timers fire in order of due time, then in the order in which they were set. */
export class VirtualClock implements Clock {
  #elapsed = 0;
  #order = 0;
  #wall: number;
  #due = new Set<Due>();

  /** @param start the wall-clock time, in milliseconds since 1970, at which the clock starts. */
  constructor(start = Date.UTC(2026, 4, 29, 12, 0, 0)) {
    this.#wall = start;
  }

  now(): number {
    return this.#wall + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(ms: number, run: () => void): Timer {
    checkDelay(ms);
    const due = {
      at: this.#elapsed + Math.max(0, ms),
      order: this.#order++,
      run: guarded('timer', run),
    };
    this.#due.add(due);
    return { cancel: () => this.#due.delete(due) };
  }

  /** The number of timers that are set and have not fired. Zero at the end of a test: nothing was left open. */
  get pending(): number {
    return this.#due.size;
  }

  /** Moves time forward by `ms` and fires the timers that fall due. Promises settle after each timer. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await settle();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#due.delete(next);
      this.#elapsed = next.at;
      next.run();
      await settle();
    }
    this.#elapsed = end;
  }

  /** Changes the wall clock as an operator would. Monotonic time does not change. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  #next(end: number): Due | undefined {
    let first: Due | undefined;
    for (const due of this.#due) {
      if (due.at > end) continue;
      if (!first || due.at < first.at || (due.at === first.at && due.order < first.order)) first = due;
    }
    return first;
  }
}

/** Lets the promises that do not wait for time or I/O settle. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
