import { type Clock, guarded, type Timer } from '../core/index.ts';

/** The longest wait of a message that may wait: half a beat. */
export const WAIT_MS = 10;

/**
 * Posts messages to another thread as arrays, in their order. An array costs as much as one message: it wakes the other
 * thread, which interrupts this one on a shared core.
 *
 * A message leaves at the end of the turn of the event loop, with all that wait. One that may wait leaves with the next
 * one that may not, or after 10 ms.
 */
export class MessageBatch<T> {
  #post: (messages: T[]) => void;
  #clock: Clock;
  #waiting: T[] = [];
  #timer: Timer | undefined;
  #isDue = false;

  constructor(clock: Clock, post: (messages: T[]) => void) {
    this.#clock = clock;
    this.#post = post;
  }

  add(message: T, mayWait = false): void {
    this.#waiting.push(message);
    if (this.#isDue) return;
    if (mayWait) this.#timer ??= this.#clock.after(WAIT_MS, this.#flush);
    else {
      this.#isDue = true;
      setImmediate(this.#flush);
    }
  }

  #flush = guarded('media.post', () => {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isDue = false;
    const messages = this.#waiting;
    if (messages.length === 0) return;
    this.#waiting = [];
    try {
      this.#post(messages);
    } catch (error) {
      // One message that cannot be cloned must not keep back those of other calls.
      if (messages.length === 1) throw error;
      for (const message of messages) guarded('media.post', () => this.#post([message]))();
    }
  });
}
