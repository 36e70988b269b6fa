import { FRAME_MS, FRAME_SAMPLES, saturate, wavHeader } from '../../audio/index.ts';
import { type Clock, detach, explain } from '../../core/index.ts';
import type { Report } from '../protocol.ts';
import type { TapEnd, TapGap, TapOptions } from '../sound.ts';
import { type Block, BlockFile, type Blocks } from './block-file.ts';
import type { Files } from './files.ts';
import { Gaps } from './gaps.ts';

/** Frames that are handed to the system at once: half a second. */
export const BLOCK_FRAMES = 25;
/** Ten seconds that a disk may stand still before its file is given up. */
const MAX_BACKLOG = 20;
/** So long the end waits for a disk that does not answer. */
const HUNG_MS = 5_000;
const SILENCE = new Int16Array(FRAME_SAMPLES);

/** What a tap stands on. */
export interface TapGround {
  clock: Clock;
  files: Files;
  report: (report: Report) => void;
  /** By channels: 1, 2. */
  blocks: Record<1 | 2, Blocks>;
}

/** Writes what is heard and what is sent into a WAV file, a frame a beat. */
export class FileTap {
  readonly tap: number;
  /** Resolves when the file is closed and that was reported. */
  readonly closed: Promise<void>;
  #session: number;
  #deps: TapGround;
  #channels: 1 | 2;
  #maxFrames: number;
  #file: BlockFile;
  #block: Block;
  /** Frames after which the block goes to the file. The first one is shorter, to spread the work of many calls. */
  #blockFrames: number;
  #blockFilled = 0;
  #frames = 0;
  /** Beats since the first frame, those that were left out too. */
  #beats = 0;
  #started = false;
  #mode: 'running' | 'silence' | 'skip' | 'ended' = 'running';
  #redacted = false;
  #gaps = new Gaps();
  #setClosed!: () => void;

  constructor(session: number, tap: number, options: TapOptions, deps: TapGround) {
    this.tap = tap;
    this.#session = session;
    this.#deps = deps;
    this.#channels = options.channels;
    this.#maxFrames = Math.max(1, Math.floor((options.maxSeconds * 1000) / FRAME_MS));
    const blocks = deps.blocks[options.channels];
    this.#file = new BlockFile(deps.files, blocks, options.path, wavHeader(options.channels, null));
    this.#block = blocks.take();
    this.#blockFrames = 1 + ((tap * 7) % BLOCK_FRAMES);
    this.closed = new Promise((resolve) => {
      this.#setClosed = resolve;
    });
  }

  get ended(): boolean {
    return this.#mode === 'ended';
  }

  /** Takes the frames of one beat. */
  write(far: Int16Array, near: Int16Array): void {
    if (this.#mode === 'ended') return;
    if (!this.#started) this.#start();
    if (this.#mode !== 'skip') this.#add(far, near);
    this.#beats++;
    this.#check();
  }

  pause(mode: 'silence' | 'skip'): void {
    if (this.ended) return;
    this.#unpause();
    this.#gaps.begin(mode === 'skip' ? 'skip' : 'pause', this.#elapsedMs);
    this.#mode = mode;
    // No frame will come for a while to fill it up.
    if (mode === 'skip' && this.#blockFilled > 0) this.#handOver();
    this.#tellGaps();
  }

  resume(): void {
    if (this.ended) return;
    this.#unpause();
    this.#tellGaps();
  }

  redact(on: boolean): void {
    if (this.ended) return;
    this.#redacted = on;
    if (on) this.#gaps.begin('sensitive', this.#elapsedMs);
    else this.#gaps.end('sensitive', this.#elapsedMs);
    this.#tellGaps();
  }

  /** The frame of the last beat was the last one. Does nothing when the tap has ended. */
  end(cause: TapEnd['cause']): void {
    if (this.ended) return;
    this.#mode = 'ended';
    this.#gaps.endAll(this.#elapsedMs);
    if (!this.#started && cause !== 'write_failed') this.#start();
    this.#hand();
    detach('media.tap', this.#close(cause), (error) =>
      this.#over({ cause: 'write_failed', error: explain(error), samples: 0, gaps: this.#gaps.list }),
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
    this.#started = true;
    const startedAt = this.#deps.clock.now();
    const started = this.#file.settled.then(() => {
      if (!this.#file.error) this.#tell({ told: 'tap_started', startedAt });
    });
    detach('media.tap', started);
  }

  #add(far: Int16Array, near: Int16Array): void {
    const left = this.#mode === 'silence' || this.#redacted ? SILENCE : far;
    const right = this.#mode === 'silence' ? SILENCE : near;
    if (this.#channels === 2) interleave(left, right, this.#block);
    else mix(left, right, this.#block);
    this.#frames++;
    if (++this.#blockFilled === this.#blockFrames) this.#handOver();
  }

  #handOver(): void {
    this.#hand();
    this.#block = this.#deps.blocks[this.#channels].take();
    this.#blockFrames = BLOCK_FRAMES;
    this.#blockFilled = 0;
  }

  #hand(): void {
    this.#file.append(this.#block);
  }

  #check(): void {
    if (this.#file.backlog > MAX_BACKLOG)
      this.#file.error ??= new Error('the disk is too slow: ten seconds of sound were waiting');
    if (this.#file.error) this.end('write_failed');
    else if (this.#frames === this.#maxFrames) this.end('max_reached');
  }

  async #close(cause: TapEnd['cause']): Promise<void> {
    const unit = 2 * this.#channels;
    const finished = this.#file.finish((length) => wavHeader(this.#channels, length), unit);
    await this.#orHung(finished);
    const { error, saved } = this.#file;
    const samples = Math.floor(saved / unit);
    const end: TapEnd = error
      ? { cause: 'write_failed', error: error.message, samples, gaps: this.#gaps.list }
      : { cause, samples, gaps: this.#gaps.list };
    this.#over(end);
  }

  #over(end: TapEnd): void {
    this.#tell({ told: 'tap_ended', end });
    this.#setClosed();
  }

  #orHung(finished: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#deps.clock.after(HUNG_MS, () => {
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

  #tellGaps(): void {
    this.#tell({ told: 'tap_gaps', gaps: this.#gaps.soFar });
  }

  #tell(report: Told): void {
    this.#deps.report({ session: this.#session, tap: this.tap, ...report });
  }
}

type Told =
  | { told: 'tap_started'; startedAt: number }
  | { told: 'tap_gaps'; gaps: TapGap[] }
  | { told: 'tap_ended'; end: TapEnd };

// Samples lie in memory as WAV wants them, low octet first, on every machine that Node runs on.
function interleave(left: Int16Array, right: Int16Array, block: Block): void {
  const { samples } = block;
  let at = block.length;
  for (let i = 0; i < FRAME_SAMPLES; i++) {
    samples[at++] = left[i]!;
    samples[at++] = right[i]!;
  }
  block.length = at;
}

function mix(one: Int16Array, other: Int16Array, block: Block): void {
  const at = block.length;
  for (let i = 0; i < FRAME_SAMPLES; i++) block.samples[at + i] = saturate(one[i]! + other[i]!);
  block.length = at + FRAME_SAMPLES;
}
