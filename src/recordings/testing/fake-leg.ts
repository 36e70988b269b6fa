import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { wavHeader } from '../../audio/index.ts';
import type { Leg } from '../../calls/index.ts';
import { type Clock, Signal } from '../../core/index.ts';
import type { Tap, TapEnd, TapGap, TapOptions } from '../../media/index.ts';

const FRAME = 160;

/** Makes a WAV file of 16-bit samples; with `length` null, one that is still being written. */
export function wav(channels: number, samples: number[], length: number | null = samples.length): Buffer {
  const header = wavHeader(channels, length === null ? null : length * 2);
  return Buffer.concat([header, Buffer.from(Int16Array.from(samples).buffer)]);
}

/** A tap that writes a real file, frame by frame on request. */
export class FakeTap implements Tap {
  readonly startedAt: number;
  readonly options: TapOptions;
  readonly ended: Promise<TapEnd>;
  readonly gapped = new Signal<TapGap[]>();
  #resolve: (end: TapEnd) => void;
  #frames = 0;
  #beats = 0;
  #paused: { mode: 'silence' | 'skip'; startMs: number } | undefined;
  #gaps: TapEnd['gaps'] = [];
  #over = false;

  constructor(options: TapOptions, startedAt: number) {
    this.options = options;
    this.startedAt = startedAt;
    const { promise, resolve } = Promise.withResolvers<TapEnd>();
    this.ended = promise;
    this.#resolve = resolve;
    writeFileSync(options.path, wav(options.channels, [], null));
  }

  /** Simulates beats of 20 ms. */
  advance(frames: number): void {
    const level = this.#paused ? 0 : 1000;
    this.#beats += frames;
    if (this.#paused?.mode === 'skip') return;
    this.#frames += frames;
    const tone = Array.from(
      { length: frames * FRAME * this.options.channels },
      (_, i) => level * ((i % 8) - 4),
    );
    appendFileSync(this.options.path, wav(1, tone).subarray(44));
  }

  async pause(mode: 'silence' | 'skip'): Promise<void> {
    this.#paused = { mode, startMs: this.#beats * 20 };
    this.gapped.emit(this.gaps);
  }

  get gaps(): TapGap[] {
    if (!this.#paused) return this.#gaps;
    const { mode, startMs } = this.#paused;
    return [...this.#gaps, { startMs, endMs: startMs, cause: causeOf(mode) }];
  }

  async resume(): Promise<void> {
    if (!this.#paused) return;
    const { mode, startMs } = this.#paused;
    this.#gaps.push({ startMs, endMs: this.#beats * 20, cause: causeOf(mode) });
    this.#paused = undefined;
    this.gapped.emit(this.gaps);
  }

  stop(): Promise<TapEnd> {
    this.end('stopped');
    return this.ended;
  }

  /** The first end counts. */
  end(cause: TapEnd['cause'], error?: string): void {
    if (this.#over) return;
    this.#over = true;
    void this.resume();
    const file = readFileSync(this.options.path);
    wav(this.options.channels, [], (file.length - 44) / 2).copy(file, 0, 0, 44);
    writeFileSync(this.options.path, file);
    this.#resolve({ cause, samples: this.#frames * FRAME, gaps: this.#gaps, ...(error ? { error } : {}) });
  }
}

const causeOf = (mode: 'silence' | 'skip') => (mode === 'skip' ? 'skip' : 'pause');

/** A leg with only a tap. */
export class FakeLeg {
  /** The leg is its own sound. */
  readonly sound = this;
  readonly taps: FakeTap[] = [];
  /** Error of the next tap. */
  refusal: Error | undefined;
  #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get last(): FakeTap {
    return this.taps.at(-1)!;
  }

  async tap(options: TapOptions): Promise<Tap> {
    if (this.refusal) throw this.refusal;
    const tap = new FakeTap(options, this.#clock.now());
    this.taps.push(tap);
    return tap;
  }

  asLeg(): Leg {
    return this as unknown as Leg;
  }
}
