import { addFrames, FRAME_SAMPLES } from '../../audio/index.ts';
import type { Report } from '../protocol.ts';
import { Player } from './player.ts';
import { Streams } from './streams.ts';

export const SILENCE: Int16Array = new Int16Array(FRAME_SAMPLES);

/** What the far end is to hear: what is played, what streams bring, and the room, or music instead of it. */
export class Near {
  readonly player: Player;
  readonly streams: Streams;
  /** This beat's frame. Not to be changed. */
  frame = SILENCE;
  /** What of it may be in taps and streams. */
  kept = SILENCE;
  #music: { samples: Int16Array; at: number } | null = null;
  #played = new Int16Array(FRAME_SAMPLES);
  #mixed = new Int16Array(FRAME_SAMPLES);
  #mixedKept = new Int16Array(FRAME_SAMPLES);

  constructor(session: number, report: (report: Report) => void) {
    this.player = new Player(session, report);
    this.streams = new Streams(session, report);
  }

  /** Whether the far end hears music in place of the room. */
  get held(): boolean {
    return this.#music !== null;
  }

  /** Whether the far end hears nothing but the room, and nobody listens in. */
  get isPlain(): boolean {
    return !this.held && this.player.idle && !this.streams.any;
  }

  /** Music from its beginning, over and over; null ends it. */
  hold(samples: Int16Array | null): void {
    this.#music = samples && samples.length > 0 ? { samples, at: 0 } : null;
  }

  /** Makes the next frame. @param heard what the room says. @param heardKept what of it may be kept. */
  pull(heard: Int16Array | null, heardKept: Int16Array | null): void {
    const own = this.#own();
    if (this.#music) {
      this.frame = this.kept = own ?? this.#nextMusic();
      return;
    }
    this.frame = sum(own, heard, this.#mixed);
    this.kept = heardKept === heard ? this.frame : sum(own, heardKept, this.#mixedKept);
  }

  /** To be called when the frame is on the wire. */
  sent(): void {
    this.player.sent();
    this.streams.sent();
  }

  #own(): Int16Array | null {
    const isPlaying = this.player.pull(this.#played);
    const isAdded = this.streams.pull(this.#played, isPlaying);
    return isPlaying || isAdded ? this.#played : null;
  }

  #nextMusic(): Int16Array {
    const music = this.#music!;
    for (let i = 0; i < FRAME_SAMPLES; i++) {
      this.#mixed[i] = music.samples[music.at]!;
      music.at = (music.at + 1) % music.samples.length;
    }
    return this.#mixed;
  }
}

function sum(a: Int16Array | null, b: Int16Array | null, out: Int16Array): Int16Array {
  if (!a || !b) return a ?? b ?? SILENCE;
  addFrames(a, b, out);
  return out;
}
