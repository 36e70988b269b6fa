/** One kind of event: whoever listens is called in order of listening, synchronously. */
export class Signal<T> {
  #listeners = new Set<(value: T) => void>();
  #wanted: ((wanted: boolean) => void) | undefined;

  /** @param wanted called when the first listener comes and when the last one goes. */
  constructor(wanted?: (wanted: boolean) => void) {
    this.#wanted = wanted;
  }

  /** @returns a function that ends the listening. */
  on(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#wanted?.(true);
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#wanted?.(false);
    };
  }

  emit(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}
