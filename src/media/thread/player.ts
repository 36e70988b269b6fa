import { type AudioClip, FRAME_SAMPLES } from '../../audio/index.ts';

/** Clips that a play asks for ahead of time: the one that plays, and two for when it ends … */
const ENOUGH_CLIPS = 3;
/** … unless all of them together are shorter than half a second, in samples. */
const ENOUGH_SAMPLES = 4000;

interface Play {
  clips: Int16Array[];
  /** The iterable has ended. */
  isComplete: boolean;
  settle(how: 'finished' | 'stopped'): void;
  /** Resumes the loop that asks for clips. */
  resume?: () => void;
}

/** Plays clips one after the other without a gap, one frame a beat. */
export class Player {
  #play: Play | undefined;
  /** Samples of the first clip that have been played. */
  #offset = 0;

  get idle(): boolean {
    return !this.#play;
  }

  /** Starts to play, and stops what played before. Rejects when the iterable fails. */
  play(clips: AsyncIterable<AudioClip>, signal?: AbortSignal): Promise<'finished' | 'stopped'> {
    this.stop();
    return new Promise((resolve, reject) => {
      const abort = () => this.#end(play, 'stopped');
      const play: Play = {
        clips: [],
        isComplete: false,
        settle: (how) => {
          signal?.removeEventListener('abort', abort);
          resolve(how);
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#play = play;
      this.#collect(play, clips).catch((error) => {
        reject(error);
        this.#end(play, 'stopped');
      });
    });
  }

  /** Stops what plays. */
  stop(): void {
    if (this.#play) this.#end(this.#play, 'stopped');
  }

  /** Fills `frame`, with silence where there is nothing to play. @returns whether it holds audio. */
  pull(frame: Int16Array): boolean {
    const clips = this.#play?.clips;
    let filled = 0;
    while (clips && filled < FRAME_SAMPLES && clips.length > 0) filled += this.#copy(clips, frame, filled);
    if (filled < FRAME_SAMPLES) frame.fill(0, filled);
    return filled > 0;
  }

  /** Settles the play when its last frame is out. Call this when the frame of the beat is on the wire. */
  sent(): void {
    if (this.#play?.isComplete && this.#play.clips.length === 0) this.#end(this.#play, 'finished');
  }

  async #collect(play: Play, clips: AsyncIterable<AudioClip>): Promise<void> {
    for await (const { samples } of clips) {
      if (play !== this.#play) return;
      play.clips.push(samples);
      while (hasEnough(play) && play === this.#play)
        await new Promise<void>((resolve) => {
          play.resume = resolve;
        });
    }
    play.isComplete = true;
  }

  #copy(clips: Int16Array[], frame: Int16Array, filled: number): number {
    const clip = clips[0]!;
    const count = Math.min(FRAME_SAMPLES - filled, clip.length - this.#offset);
    const offset = this.#offset;
    for (let i = 0; i < count; i++) frame[filled + i] = clip[offset + i]!;
    this.#offset += count;
    if (this.#offset === clip.length) {
      clips.shift();
      this.#offset = 0;
      this.#play?.resume?.();
    }
    return count;
  }

  #end(play: Play, how: 'finished' | 'stopped'): void {
    if (play !== this.#play) return;
    this.#play = undefined;
    this.#offset = 0;
    play.resume?.();
    play.settle(how);
  }
}

function hasEnough({ clips }: Play): boolean {
  const samples = clips.reduce((sum, { length }) => sum + length, 0);
  return clips.length >= ENOUGH_CLIPS && samples >= ENOUGH_SAMPLES;
}
