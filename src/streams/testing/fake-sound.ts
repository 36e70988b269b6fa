import type { AudioStream } from '../../calls/index.ts';
import { type Clock, Signal, type Timer } from '../../core/index.ts';

/** A leg's live sound without a leg: what is played takes its time on the clock, and is dropped when cleared. */
export class FakeSound implements AudioStream {
  readonly frames: AudioStream['frames'] = new Signal();
  /** Bytes that were given to be played, in order. */
  given: number[] = [];
  closed = false;
  #clock: Clock;
  #until = 0;
  #marks = new Set<{ timer: Timer; settle: (how: 'heard' | 'dropped') => void }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The next frame of a track, every byte of it of this value. */
  emit(track: 'inbound' | 'outbound', value = 0): void {
    this.frames.emit({ track, payload: new Uint8Array(160).fill(value) });
  }

  play(payload: Uint8Array): void {
    this.given.push(payload.length);
    this.#until = Math.max(this.#until, this.#clock.monotonic()) + payload.length / 8;
  }

  clear(): void {
    this.#until = 0;
    for (const mark of this.#marks) {
      mark.timer.cancel();
      mark.settle('dropped');
    }
    this.#marks.clear();
  }

  drained(): Promise<'heard' | 'dropped'> {
    return new Promise((settle) => {
      const timer = this.#clock.after(this.#until - this.#clock.monotonic(), () => {
        this.#marks.delete(mark);
        settle('heard');
      });
      const mark = { timer, settle };
      this.#marks.add(mark);
    });
  }

  close(): void {
    this.closed = true;
  }
}
