/** What comes in its own time, taken in the order of coming by one who waits for it. */
export class Pieces implements AsyncIterable<Buffer> {
  /** Bytes that came and were not taken yet. */
  bytes = 0;
  #waiting: Buffer[] = [];
  #over = false;
  #error: unknown;
  #wake = Promise.withResolvers<void>();

  add(piece: Buffer): void {
    this.bytes += piece.length;
    this.#waiting.push(piece);
    this.#wake.resolve();
  }

  /** No more comes; with an error, the taker is told when all that came is taken. */
  end(error?: unknown): void {
    this.#over = true;
    this.#error = error;
    this.#wake.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      for (let piece = this.#waiting.shift(); piece; piece = this.#waiting.shift()) {
        this.bytes -= piece.length;
        yield piece;
      }
      if (this.#over) break;
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
    if (this.#error !== undefined) throw this.#error;
  }
}
