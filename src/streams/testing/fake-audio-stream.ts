import type { AudioStream } from '../../calls/index.ts';
import { type Clock, Signal, type Timer } from '../../core/index.ts';

/** A leg's audio stream in virtual time: `play` takes as long as the audio lasts, `clear` drops it. */
export class FakeAudioStream implements AudioStream {
  readonly frames: AudioStream['frames'] = new Signal();
  /** The size of each call of `play`, in bytes. */
  played: number[] = [];
  closed = false;
  #clock: Clock;
  #until = 0;
  #marks = new Set<{ timer: Timer; settle: (how: 'heard' | 'dropped') => void }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Emits a frame of a track that consists of this byte. */
  emit(track: 'inbound' | 'outbound', value = 0): void {
    this.frames.emit({ track, payload: new Uint8Array(160).fill(value) });
  }

  play(payload: Uint8Array): void {
    this.played.push(payload.length);
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
