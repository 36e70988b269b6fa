import { Failure } from '../core/index.ts';

/** Keys that are on their way to the far end. */
export class DigitSending {
  readonly done: Promise<void>;
  #signal: AbortSignal | undefined;
  #stop: () => void;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;

  /** @param stop asks the thread to send no more of them. */
  constructor(signal: AbortSignal | undefined, stop: () => void) {
    this.#signal = signal;
    this.#stop = stop;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  sent(): void {
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#resolve();
  }

  /** The audio has ended. */
  fail(): void {
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#reject(new Failure('audio_closed', 'the audio ended before all digits were sent'));
  }

  #abort = (): void => {
    this.#stop();
    this.#reject(this.#signal?.reason);
  };
}
