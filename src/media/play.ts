import type { AudioClip } from '../audio/index.ts';

/** What is asked of the thread. */
export interface PlayOrders {
  start(): void;
  sound(samples: Int16Array<SharedArrayBuffer>): void;
  noMore(): void;
  stop(): void;
}

/** Sounds that the thread holds: the one it plays, and two for when that ends … */
const ENOUGH_SOUNDS = 3;
/** … unless all of them together are shorter than half a second, in samples. */
const ENOUGH_SAMPLES = 4000;

/** One play: sounds are pulled from their maker while the thread plays the ones before. */
export class Play {
  /** How it ended; rejects when the maker of the sounds fails. */
  readonly done: Promise<'finished' | 'stopped'>;
  #orders: PlayOrders;
  #sounds: AsyncIterator<AudioClip>;
  #signal: AbortSignal | undefined;
  /** Lengths of the sounds that the thread holds. */
  #held: number[] = [];
  #over = false;
  #room: (() => void) | undefined;
  #resolve!: (how: 'finished' | 'stopped') => void;
  #reject!: (error: unknown) => void;

  constructor(sounds: AsyncIterable<AudioClip>, signal: AbortSignal | undefined, orders: PlayOrders) {
    this.#orders = orders;
    this.#sounds = sounds[Symbol.asyncIterator]();
    this.#signal = signal;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    signal?.addEventListener('abort', this.stop, { once: true });
    orders.start();
    this.#feed().catch((error) => this.#end(() => this.#reject(error)));
  }

  stop = (): void => this.#end(() => this.#resolve('stopped'));

  /** The thread has played the last frame. */
  played(): void {
    if (this.#over) return;
    this.#over = true;
    this.#signal?.removeEventListener('abort', this.stop);
    this.#resolve('finished');
  }

  /** The thread has room for another sound. */
  soundDone(): void {
    this.#held.shift();
    this.#room?.();
  }

  async #feed(): Promise<void> {
    for (let next = await this.#sounds.next(); !next.done; next = await this.#sounds.next()) {
      if (this.#over) return;
      this.#held.push(next.value.samples.length);
      this.#orders.sound(next.value.samples);
      while (this.#hasEnough() && !this.#over) await this.#roomy();
    }
    if (!this.#over) this.#orders.noMore();
  }

  #hasEnough(): boolean {
    const samples = this.#held.reduce((sum, length) => sum + length, 0);
    return this.#held.length >= ENOUGH_SOUNDS && samples >= ENOUGH_SAMPLES;
  }

  #roomy(): Promise<void> {
    return new Promise((resolve) => {
      this.#room = resolve;
    });
  }

  #end(tell: () => void): void {
    if (this.#over) return;
    this.#over = true;
    this.#signal?.removeEventListener('abort', this.stop);
    this.#orders.stop();
    this.#room?.();
    // Lets the maker tidy up; it may be in the middle of a sound, and nobody waits for it.
    this.#sounds.return?.().catch(() => {});
    tell();
  }
}
