import { guarded } from '../core/index.ts';

/**
 * Posts the messages of one turn of the event loop to another thread as one array. Posting and receiving cost the same
 * for one message as for many, and each wakes the other thread.
 */
export class TurnBatch<T> {
  #post: (messages: T[]) => void;
  #waiting: T[] = [];

  constructor(post: (messages: T[]) => void) {
    this.#post = post;
  }

  add(message: T): void {
    this.#waiting.push(message);
    if (this.#waiting.length === 1) setImmediate(this.#flush);
  }

  #flush = guarded('media.post', () => {
    const messages = this.#waiting;
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
