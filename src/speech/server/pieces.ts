/** What comes in its own time, taken in the order of coming by one who waits for it. */
export class Pieces<T> implements AsyncIterable<T> {
  #waiting: T[] = [];
  #over = false;
  #error: unknown;
  #wake = Promise.withResolvers<void>();

  add(piece: T): void {
    this.#waiting.push(piece);
    this.#wake.resolve();
  }

  /** No more comes; with an error, the taker is told when all that came is taken. */
  end(error?: unknown): void {
    this.#over = true;
    this.#error = error;
    this.#wake.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      while (this.#waiting.length > 0) yield this.#waiting.shift()!;
      if (this.#over) break;
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
    if (this.#error !== undefined) throw this.#error;
  }
}
