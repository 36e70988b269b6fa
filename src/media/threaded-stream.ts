import { FRAME_SAMPLES } from '../audio/index.ts';
import { Signal } from '../core/index.ts';
import type { AudioStream } from './sound.ts';

/** What is asked of the thread. */
export interface StreamOrders {
  play(payload: Uint8Array): void;
  clear(): void;
  /** To be answered by `drain` with the same number. */
  mark(mark: number): void;
  end(): void;
}

/** The main thread's side of one stream of live sound. */
export class ThreadedStream implements AudioStream {
  readonly frames: AudioStream['frames'] = new Signal();
  #orders: StreamOrders;
  #marks = new Map<number, (how: 'heard' | 'dropped') => void>();
  #lastMark = 0;
  #over = false;

  constructor(orders: StreamOrders) {
    this.#orders = orders;
  }

  play(payload: Uint8Array): void {
    if (!this.#over && payload.length > 0) this.#orders.play(payload);
  }

  clear(): void {
    if (!this.#over) this.#orders.clear();
  }

  drained(): Promise<'heard' | 'dropped'> {
    if (this.#over) return Promise.resolve('dropped');
    const mark = ++this.#lastMark;
    this.#orders.mark(mark);
    return new Promise((resolve) => this.#marks.set(mark, resolve));
  }

  close(): void {
    if (this.#over) return;
    this.#orders.end();
    this.end();
  }

  /** Takes one beat: the frames of both tracks, one behind the other. */
  take(sound: Uint8Array): void {
    if (this.#over) return;
    this.frames.emit({ track: 'inbound', payload: sound.subarray(0, FRAME_SAMPLES) });
    this.frames.emit({ track: 'outbound', payload: sound.subarray(FRAME_SAMPLES) });
  }

  drain(mark: number, how: 'heard' | 'dropped'): void {
    this.#marks.get(mark)?.(how);
    this.#marks.delete(mark);
  }

  /** Nothing more will come. */
  end(): void {
    this.#over = true;
    for (const resolve of this.#marks.values()) resolve('dropped');
    this.#marks.clear();
  }
}
