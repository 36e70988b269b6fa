import type { PlayCommand, Report } from '../protocol.ts';

/** Cuts sounds into frames, one after the other without a gap. */
export class Player {
  #session: number;
  #report: (report: Report) => void;
  #play = -1;
  #sounds: Int16Array[] = [];
  /** Samples of the first sound that have been played. */
  #offset = 0;
  #noMore = false;

  constructor(session: number, report: (report: Report) => void) {
    this.#session = session;
    this.#report = report;
  }

  /** Whether there is no play. */
  get idle(): boolean {
    return this.#play < 0;
  }

  do(command: PlayCommand): void {
    if (command.do === 'play') this.start(command.play);
    else if (command.do === 'sound') this.add(command.play, command.samples);
    else if (command.do === 'no_more') this.noMore(command.play);
    else this.stop(command.play);
  }

  /** Begins a play; what was left of the one before is forgotten. */
  start(play: number): void {
    this.#play = play;
    this.#sounds = [];
    this.#offset = 0;
    this.#noMore = false;
  }

  add(play: number, samples: Int16Array): void {
    if (play === this.#play) this.#sounds.push(samples);
  }

  /** The play ends with the sounds it has. */
  noMore(play: number): void {
    if (play === this.#play) this.#noMore = true;
  }

  stop(play: number): void {
    if (play === this.#play) this.start(-1);
  }

  /** Fills `frame`, with silence where there is nothing to play. @returns whether it holds sound. */
  pull(frame: Int16Array): boolean {
    let filled = 0;
    while (filled < frame.length && this.#sounds.length > 0) filled += this.#copy(frame, filled);
    frame.fill(0, filled);
    return filled > 0;
  }

  /** To be called when the frame is on the wire: tells when it was the last one. */
  sent(): void {
    if (!this.#noMore || this.#sounds.length > 0) return;
    this.#report({ told: 'played', session: this.#session, play: this.#play });
    this.start(-1);
  }

  #copy(frame: Int16Array, filled: number): number {
    const sound = this.#sounds[0]!;
    const count = Math.min(frame.length - filled, sound.length - this.#offset);
    for (let i = 0; i < count; i++) frame[filled + i] = sound[this.#offset + i]!;
    this.#offset += count;
    if (this.#offset === sound.length) this.#next();
    return count;
  }

  #next(): void {
    this.#sounds.shift();
    this.#offset = 0;
    this.#report({ told: 'sound_done', session: this.#session, play: this.#play });
  }
}
