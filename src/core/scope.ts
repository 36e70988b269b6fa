import { detach } from './guard.ts';

type Disposer = () => void | Promise<void>;

/**
 * What a call, a leg or the program has opened. Closing aborts `signal` first, then runs the disposers in
 * reverse order, each exactly once; one that throws does not keep the others from running.
 */
export class Scope {
  #disposers: Disposer[] = [];
  #abort = new AbortController();
  #closing: Promise<void> | undefined;

  /** Aborted as the first act of `close`. Every wait inside the scope takes it: hangup is abort. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Registers what undoes an opening. In a scope that is closed already it runs at once. */
  defer(dispose: Disposer): void {
    if (this.#closing) detach('scope.defer', Promise.resolve().then(dispose));
    else this.#disposers.push(dispose);
  }

  /** Closes once; later calls get the same promise. Rejects with the first error after all have run. */
  close(reason?: unknown): Promise<void> {
    this.#closing ??= this.#run(reason);
    return this.#closing;
  }

  async #run(reason: unknown): Promise<void> {
    this.#abort.abort(reason);
    const errors: unknown[] = [];
    for (let dispose = this.#disposers.pop(); dispose; dispose = this.#disposers.pop()) {
      try {
        await dispose();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
