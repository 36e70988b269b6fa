import { stat } from 'node:fs/promises';
import { WAV_HEADER } from '../audio/index.ts';
import { Failure, Signal } from '../core/index.ts';
import type { Tap, TapEnd, TapGap, TapOptions } from './sound.ts';

/** What is asked of the thread. */
export interface TapOrders {
  pause(mode: 'silence' | 'skip'): void;
  resume(): void;
  stop(): void;
}

/** The main thread's side of one file that sound is written to. */
export class ThreadedTap implements Tap {
  startedAt = 0;
  readonly gapped = new Signal<TapGap[]>();
  gaps: TapGap[] = [];
  readonly started: Promise<Tap>;
  readonly ended: Promise<TapEnd>;
  #options: TapOptions;
  #orders: TapOrders;
  /** Who waits for an order to take effect, in the order of the orders. */
  #waiting: (() => void)[] = [];
  /** Orders have no effect any more. */
  #over = false;
  #setStarted!: (tap: Tap) => void;
  #setFailed!: (error: Failure) => void;
  #setEnded!: (end: TapEnd) => void;

  constructor(options: TapOptions, orders: TapOrders) {
    this.#options = options;
    this.#orders = orders;
    this.started = new Promise((resolve, reject) => {
      this.#setStarted = resolve;
      this.#setFailed = reject;
    });
    this.ended = new Promise((resolve) => {
      this.#setEnded = resolve;
    });
  }

  pause(mode: 'silence' | 'skip'): Promise<void> {
    return this.#turn(() => this.#orders.pause(mode));
  }

  resume(): Promise<void> {
    return this.#turn(() => this.#orders.resume());
  }

  stop(): Promise<TapEnd> {
    if (!this.#over) this.#orders.stop();
    return this.ended;
  }

  start(startedAt: number): void {
    this.startedAt = startedAt;
    this.#setStarted(this);
  }

  gap(gaps: TapGap[]): void {
    this.gaps = gaps;
    this.gapped.emit(gaps);
  }

  turned(): void {
    this.#waiting.shift()?.();
  }

  /** The first end counts: what has settled does not change. */
  end(end: TapEnd): void {
    this.#over = true;
    // Nobody has it in hand unless it has started; then this does nothing.
    if (end.cause !== 'write_failed') this.#setFailed(new Failure('audio_closed', 'the audio has ended'));
    else this.#setFailed(new Failure('tap_failed', `the file cannot be written: ${end.error}`));
    this.#setEnded(end);
    for (const done of this.#waiting.splice(0)) done();
  }

  /** The thread is gone; what it had handed to the system is in the file. */
  async fail(error: string): Promise<void> {
    this.#over = true;
    const samples = await samplesIn(this.#options);
    this.end({ cause: 'write_failed', error, samples, gaps: this.gaps });
  }

  #turn(order: () => void): Promise<void> {
    if (this.#over) return Promise.resolve();
    order();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

async function samplesIn({ path, channels }: TapOptions): Promise<number> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  return Math.max(0, Math.floor((size - WAV_HEADER) / (2 * channels)));
}
