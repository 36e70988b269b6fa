import { systemClock } from '../../src/core/index.ts';

/** Received items, for tests that wait for something instead of sleeping. */
export class Inbox<T> {
  /** All items, in order of arrival. */
  readonly all: T[] = [];
  #taken = new Set<T>();
  #waiting = new Set<() => void>();
  #describe: (item: T) => string;

  constructor(describe: (item: T) => string) {
    this.#describe = describe;
  }

  add(item: T): void {
    this.all.push(item);
    for (const look of [...this.#waiting]) look();
  }

  /** The first matching item that was not taken before. Rejects with the items after `timeoutMs`. */
  take(matches: (item: T) => boolean, what: string, timeoutMs = 60_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const item = this.all.find((item) => !this.#taken.has(item) && matches(item));
        if (item === undefined) return;
        this.#taken.add(item);
        done();
        resolve(item);
      };
      const timer = systemClock.after(timeoutMs, () => {
        done();
        const came = this.all.map(this.#describe).join(', ') || 'nothing';
        reject(new Error(`no ${what} within ${timeoutMs} ms; there came: ${came}`));
      });
      const done = () => {
        timer.cancel();
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      look();
    });
  }
}
