import type { ToThread } from './protocol.ts';

/** What a call needs besides its arguments. */
export interface CallOptions {
  signal: AbortSignal | undefined;
  /** The async iterable among the arguments, whose items the thread asks for. */
  items: AsyncIterable<unknown> | undefined;
  post: (message: ToThread) => void;
  /** Gives the result of a call that is aborted or whose object closes, or throws: the reason or another error. */
  otherwise: (reason: unknown) => unknown;
  /** Called once, when the call is settled. */
  settled: () => void;
}

/** A call that waits for the answer of its thread. The first outcome counts; later ones are ignored. */
export class RemoteCall {
  readonly done: Promise<unknown>;
  #number: number;
  #options: CallOptions;
  #items: AsyncIterator<unknown> | undefined;
  #isSettled = false;
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;

  constructor(number: number, options: CallOptions) {
    this.#number = number;
    this.#options = options;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Starts to follow the signal and sends the first item. Call this after the call was posted. */
  begin(): void {
    const { signal, items } = this.#options;
    if (signal?.aborted) this.#abort();
    else signal?.addEventListener('abort', this.#abort, { once: true });
    if (!items || this.#isSettled) return;
    this.#items = items[Symbol.asyncIterator]();
    this.next();
  }

  resolve(value: unknown): void {
    if (this.#settle()) this.#resolve(value);
  }

  reject(error: unknown): void {
    if (this.#settle()) this.#reject(error);
  }

  /** Settles the call without an answer: it was aborted, or its object has closed. */
  close(reason: unknown): void {
    if (!this.#settle()) return;
    try {
      this.#resolve(this.#options.otherwise(reason));
    } catch (error) {
      this.#reject(error);
    }
  }

  /** Sends the next item to the thread as soon as there is one. */
  next(): void {
    this.#next().catch((error) => {
      this.#options.post({ type: 'items_end', call: this.#number, failed: true });
      this.reject(error);
    });
  }

  async #next(): Promise<void> {
    const next = await this.#items?.next();
    if (!next || this.#isSettled) return;
    const { post } = this.#options;
    if (!next.done) return post({ type: 'item', call: this.#number, value: next.value });
    this.#items = undefined;
    post({ type: 'items_end', call: this.#number, failed: false });
  }

  #abort = (): void => {
    this.#options.post({ type: 'abort', call: this.#number });
    this.close(this.#options.signal?.reason);
  };

  /** @returns false when the call was settled before. */
  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#options.signal?.removeEventListener('abort', this.#abort);
    // Lets the source of the items clean up. It may be in the middle of one, and nobody waits for it.
    this.#items?.return?.().catch(() => {});
    this.#options.settled();
    return true;
  }
}
