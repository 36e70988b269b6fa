import type { Clock, Timer } from '../../src/core/index.ts';

interface Due {
  at: number;
  run: (() => void) | undefined;
}

/** A virtual clock that does not wait for promises, so that it is fast enough for a million timers. */
export class StepClock implements Clock {
  #elapsed = 0;
  /** A binary heap with the earliest timer first. */
  #due: Due[] = [];
  #pending = 0;

  now(): number {
    return 1_780_056_000_000 + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  /** Number of pending timers. */
  get pending(): number {
    return this.#pending;
  }

  after(ms: number, run: () => void): Timer {
    const due: Due = { at: this.#elapsed + Math.max(0, ms), run };
    this.#pending++;
    this.#push(due);
    return {
      cancel: () => {
        if (due.run) this.#pending--;
        due.run = undefined;
      },
    };
  }

  /** Advances time by `ms` and fires the timers that become due. */
  run(ms: number): void {
    const end = this.#elapsed + ms;
    for (let next = this.#due[0]; next && next.at <= end; next = this.#due[0]) {
      this.#pop();
      if (!next.run) continue;
      this.#elapsed = next.at;
      this.#pending--;
      const { run } = next;
      next.run = undefined;
      run();
    }
    this.#elapsed = end;
  }

  #push(due: Due): void {
    const heap = this.#due;
    let at = heap.push(due) - 1;
    for (let up = (at - 1) >> 1; at > 0 && heap[up]!.at > due.at; up = (at - 1) >> 1) {
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = due;
  }

  #pop(): void {
    const heap = this.#due;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (let down = 1; down < heap.length; down = 2 * at + 1) {
      if (down + 1 < heap.length && heap[down + 1]!.at < heap[down]!.at) down++;
      if (heap[down]!.at >= last.at) break;
      heap[at] = heap[down]!;
      at = down;
    }
    heap[at] = last;
  }
}
