/** One kind of event. `emit` calls the listeners synchronously, in the order in which they were added. */
export class Signal<T> {
  #listeners = new Set<(value: T) => void>();
  #onUseChanged: ((isUsed: boolean) => void) | undefined;

  /** @param onUseChanged called when the first listener is added (true) and the last one removed (false). */
  constructor(onUseChanged?: (isUsed: boolean) => void) {
    this.#onUseChanged = onUseChanged;
  }

  /** Adds a listener. @returns a function that removes it. */
  on(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#onUseChanged?.(true);
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#onUseChanged?.(false);
    };
  }

  emit(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }

  /** The number of listeners. */
  get listeners(): number {
    return this.#listeners.size;
  }
}
