/** One kind of event: whoever listens is called in order of listening, synchronously. */
export class Signal<T> {
  #listeners = new Set<(value: T) => void>();

  /** @returns a function that ends the listening. */
  on(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}
