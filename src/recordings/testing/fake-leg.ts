import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { Leg } from '../../calls/index.ts';
import { type Clock, Signal } from '../../core/index.ts';
import type { Tap, TapEnd, TapGap, TapOptions } from '../../media/index.ts';

const RATE = 8000;
const FRAME = 160;

/** A WAV file of 16-bit samples; without a length it is one that is still being written. */
export function wav(channels: number, samples: number[], length: number | null = samples.length): Buffer {
  const size = length === null ? 0xffffffff : length * 2;
  const bytes = Buffer.alloc(44 + samples.length * 2);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(length === null ? size : size + 36, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(channels, 22);
  bytes.writeUInt32LE(RATE, 24);
  bytes.writeUInt32LE(RATE * channels * 2, 28);
  bytes.writeUInt16LE(channels * 2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(size, 40);
  samples.forEach((sample, index) => {
    bytes.writeInt16LE(sample, 44 + index * 2);
  });
  return bytes;
}

/** A tap that writes a real file, a frame when it is told to. */
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

  /** So many beats of 20 ms pass. */
  hear(frames: number): void {
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

/** A leg of which only the sound matters. */
export class FakeLeg {
  /** The leg is its own sound. */
  readonly sound = this;
  readonly taps: FakeTap[] = [];
  /** Why the next tap cannot be opened. */
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
