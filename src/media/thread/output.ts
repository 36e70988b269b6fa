import { addFrames, FRAME_SAMPLES } from '../../audio/index.ts';
import { Player } from './player.ts';
import { Streams } from './streams.ts';

/** A frame of silence. Must not be written to. */
export const SILENCE: Int16Array = new Int16Array(FRAME_SAMPLES);

// Frames of the output in progress. All outputs share them, so that they stay in the CPU cache.
const PLAYED = new Int16Array(FRAME_SAMPLES);
const MIXED = new Int16Array(FRAME_SAMPLES);
const MIXED_RECORDED = new Int16Array(FRAME_SAMPLES);

/** What the far end hears: clips, what streams play, and the mixer or the hold music in its place. */
export class Output {
  readonly player = new Player();
  readonly streams = new Streams();
  /** The frame of this beat. Must not be written to. Valid until another output is pulled. */
  frame = SILENCE;
  /** The part of it that taps and streams may have. */
  recorded = SILENCE;
  #music: { samples: Int16Array; at: number } | null = null;

  /** Whether the far end hears hold music. */
  get isHeld(): boolean {
    return this.#music !== null;
  }

  /** Whether the far end hears nothing but the mixer, and no stream is open. */
  get isMixerOnly(): boolean {
    return !this.isHeld && this.player.idle && !this.streams.any;
  }

  /** Starts hold music from its beginning; null ends it. */
  hold(samples: Int16Array | null): void {
    this.#music = samples && samples.length > 0 ? { samples, at: 0 } : null;
  }

  /** Makes the next frame from what the mixer says, and from the part of that which taps may have. */
  pull(heard: Int16Array | null, heardRecorded: Int16Array | null): void {
    const own = this.#own();
    if (this.#music) {
      this.frame = this.recorded = own ?? this.#nextMusic();
      return;
    }
    this.frame = sum(own, heard, MIXED);
    this.recorded = heardRecorded === heard ? this.frame : sum(own, heardRecorded, MIXED_RECORDED);
  }

  /** Call this when the frame is on the wire. */
  sent(): void {
    this.player.sent();
    this.streams.sent();
  }

  #own(): Int16Array | null {
    const isPlaying = this.player.pull(PLAYED);
    const isStreaming = this.streams.pull(PLAYED, isPlaying);
    return isPlaying || isStreaming ? PLAYED : null;
  }

  #nextMusic(): Int16Array {
    const music = this.#music!;
    for (let i = 0; i < FRAME_SAMPLES; i++) {
      MIXED[i] = music.samples[music.at]!;
      music.at = (music.at + 1) % music.samples.length;
    }
    return MIXED;
  }
}

function sum(a: Int16Array | null, b: Int16Array | null, out: Int16Array): Int16Array {
  if (!a || !b) return a ?? b ?? SILENCE;
  addFrames(a, b, out);
  return out;
}
