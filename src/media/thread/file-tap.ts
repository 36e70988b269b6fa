import { FRAME_MS, wavHeader } from '../../audio/index.ts';
import { type Clock, detach, explain, Failure, Signal } from '../../core/index.ts';
import type { Tap, TapEnd, TapGap, TapOptions } from '../sound.ts';
import { SILENCE } from './output.ts';
import { type Block, type Blocks, type Files, interleave, mix, RecordingFile } from './recording-file.ts';

/** Frames of one block: half a second. */
export const BLOCK_FRAMES = 25;
/** A disk that stands still for ten seconds ends the tap. */
const MAX_BACKLOG = 20;
/** The end of a tap waits no longer for a disk that does not answer. */
const DISK_TIMEOUT_MS = 5_000;

export interface TapDeps {
  clock: Clock;
  files: Files;
  /** By number of channels. */
  blocks: Record<1 | 2, Blocks>;
}

/** Writes what a sound receives and sends into a WAV file, one frame a beat. */
export class FileTap implements Tap {
  startedAt = 0;
  readonly gapped = new Signal<TapGap[]>();
  /** Resolves with this tap when the first frame is in the file. Rejects with `tap_failed`. */
  readonly started: Promise<Tap>;
  readonly ended: Promise<TapEnd>;
  #deps: TapDeps;
  #channels: 1 | 2;
  #maxFrames: number;
  #file: RecordingFile;
  #block: Block;
  /** Frames after which the block goes to the file. */
  #blockFrames: number;
  #blockFilled = 0;
  #frames = 0;
  /** Beats since the first frame, with those that were left out. */
  #beats = 0;
  #isStarted = false;
  #mode: 'running' | 'silence' | 'skip' | 'ended' = 'running';
  #isRedacted = false;
  #gaps = new Gaps();
  #setStarted!: (tap: Tap) => void;
  #setFailed!: (error: Failure) => void;
  #setEnded!: (end: TapEnd) => void;

  /** @param number spreads the writing of many taps over the beats: it gives the length of the first block. */
  constructor(number: number, options: TapOptions, deps: TapDeps) {
    this.#deps = deps;
    this.#channels = options.channels;
    this.#maxFrames = Math.max(1, Math.floor((options.maxSeconds * 1000) / FRAME_MS));
    const blocks = deps.blocks[options.channels];
    this.#file = new RecordingFile(deps.files, blocks, options.path, wavHeader(options.channels, null));
    this.#block = blocks.take();
    this.#blockFrames = 1 + ((number * 7) % BLOCK_FRAMES);
    this.started = new Promise((resolve, reject) => {
      this.#setStarted = resolve;
      this.#setFailed = reject;
    });
    this.started.catch(() => {});
    this.ended = new Promise((resolve) => {
      this.#setEnded = resolve;
    });
  }

  /** With the gaps that still go on. */
  get gaps(): TapGap[] {
    return this.#gaps.soFar;
  }

  get isEnded(): boolean {
    return this.#mode === 'ended';
  }

  /** Takes the frames of one beat. */
  write(received: Int16Array, sent: Int16Array): void {
    if (this.isEnded) return;
    if (!this.#isStarted) this.#start();
    if (this.#mode !== 'skip') this.#add(received, sent);
    this.#beats++;
    this.#check();
  }

  async pause(mode: 'silence' | 'skip'): Promise<void> {
    if (this.isEnded) return;
    this.#unpause();
    this.#gaps.begin(mode === 'skip' ? 'skip' : 'pause', this.#elapsedMs);
    this.#mode = mode;
    // No frame comes for a while that would fill the block.
    if (mode === 'skip' && this.#blockFilled > 0) this.#nextBlock();
    this.gapped.emit(this.gaps);
  }

  async resume(): Promise<void> {
    if (this.isEnded) return;
    this.#unpause();
    this.gapped.emit(this.gaps);
  }

  redact(on: boolean): void {
    if (this.isEnded) return;
    this.#isRedacted = on;
    if (on) this.#gaps.begin('sensitive', this.#elapsedMs);
    else this.#gaps.end('sensitive', this.#elapsedMs);
    this.gapped.emit(this.gaps);
  }

  stop(): Promise<TapEnd> {
    this.end('stopped');
    return this.ended;
  }

  /** Ends the tap after the frame of the last beat. Idempotent. */
  end(cause: TapEnd['cause']): void {
    if (this.isEnded) return;
    this.#mode = 'ended';
    this.#gaps.endAll(this.#elapsedMs);
    if (!this.#isStarted && cause !== 'write_failed') this.#start();
    this.#file.append(this.#block);
    detach('media.tap', this.#close(cause), (error) =>
      this.#finish({ cause: 'write_failed', error: explain(error), samples: 0, gaps: this.#gaps.list }),
    );
  }

  #unpause(): void {
    this.#gaps.end('pause', this.#elapsedMs);
    this.#gaps.end('skip', this.#elapsedMs);
    this.#mode = 'running';
  }

  get #elapsedMs(): number {
    return this.#beats * FRAME_MS;
  }

  #start(): void {
    this.#isStarted = true;
    this.startedAt = this.#deps.clock.now();
    const started = this.#file.settled.then(() => {
      if (!this.#file.error) this.#setStarted(this);
    });
    detach('media.tap', started);
  }

  #add(received: Int16Array, sent: Int16Array): void {
    const left = this.#mode === 'silence' || this.#isRedacted ? SILENCE : received;
    const right = this.#mode === 'silence' ? SILENCE : sent;
    if (this.#channels === 2) interleave(left, right, this.#block);
    else mix(left, right, this.#block);
    this.#frames++;
    if (++this.#blockFilled === this.#blockFrames) this.#nextBlock();
  }

  #nextBlock(): void {
    this.#file.append(this.#block);
    this.#block = this.#deps.blocks[this.#channels].take();
    this.#blockFrames = BLOCK_FRAMES;
    this.#blockFilled = 0;
  }

  #check(): void {
    if (this.#file.backlog > MAX_BACKLOG)
      this.#file.error ??= new Error('the disk is too slow: ten seconds of audio were waiting');
    if (this.#file.error) this.end('write_failed');
    else if (this.#frames === this.#maxFrames) this.end('max_reached');
  }

  async #close(cause: TapEnd['cause']): Promise<void> {
    const unit = 2 * this.#channels;
    await this.#finished(this.#file.finish((length) => wavHeader(this.#channels, length), unit));
    const { error, saved } = this.#file;
    const samples = Math.floor(saved / unit);
    const end: TapEnd = error
      ? { cause: 'write_failed', error: error.message, samples, gaps: this.#gaps.list }
      : { cause, samples, gaps: this.#gaps.list };
    this.#finish(end);
  }

  #finish(end: TapEnd): void {
    // Does nothing when the tap has started.
    this.#setFailed(new Failure('tap_failed', `the file cannot be written: ${end.error}`));
    this.#setEnded(end);
  }

  /** Resolves when the file is finished, or the disk does not answer. */
  #finished(finished: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#deps.clock.after(DISK_TIMEOUT_MS, () => {
        this.#file.error ??= new Error('the disk does not answer');
        resolve();
      });
      const done = () => {
        timer.cancel();
        resolve();
      };
      finished.then(done, done);
    });
  }
}

/** What a tap leaves out, in milliseconds since its first frame, by the beats that have passed. */
class Gaps {
  readonly list: TapGap[] = [];
  #open = new Map<TapGap['cause'], TapGap>();

  /** With those that still go on. */
  get soFar(): TapGap[] {
    return [...this.list, ...this.#open.values()];
  }

  begin(cause: TapGap['cause'], atMs: number): void {
    if (!this.#open.has(cause)) this.#open.set(cause, { startMs: atMs, endMs: atMs, cause });
  }

  /** A gap that ends before a frame has passed does not count. */
  end(cause: TapGap['cause'], atMs: number): void {
    const gap = this.#open.get(cause);
    this.#open.delete(cause);
    if (gap && atMs > gap.startMs) this.list.push({ ...gap, endMs: atMs });
  }

  endAll(atMs: number): void {
    for (const cause of [...this.#open.keys()]) this.end(cause, atMs);
  }
}
