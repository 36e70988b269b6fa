import { detach } from '../../core/index.ts';
import type { Tap, TapEnd, TapOptions } from '../sound.ts';
import { FileTap, type TapDeps } from './file-tap.ts';

/** All taps of one session. */
export class Taps {
  #number: number;
  #deps: TapDeps;
  #taps: FileTap[] = [];
  #isRedacted = false;

  /** @param number of the session: spreads the writing of many sessions over the beats. */
  constructor(number: number, deps: TapDeps) {
    this.#number = number;
    this.#deps = deps;
  }

  get any(): boolean {
    return this.#taps.length > 0;
  }

  /** Resolves when the first frame is in the file. */
  open(options: TapOptions): Promise<Tap> {
    const tap = new FileTap(this.#number + this.#taps.length, options, this.#deps);
    if (this.#isRedacted) tap.redact(true);
    this.#taps.push(tap);
    const ended = tap.ended.then(() => {
      this.#taps = this.#taps.filter((other) => other !== tap);
    });
    detach('media.tap', ended);
    return tap.started;
  }

  redact(on: boolean): void {
    this.#isRedacted = on;
    for (const tap of this.#taps) tap.redact(on);
  }

  /** Takes the frames of one beat. */
  write(received: Int16Array, sent: Int16Array): void {
    for (const tap of this.#taps) tap.write(received, sent);
  }

  /** Resolves when all files are closed. */
  async end(cause: TapEnd['cause']): Promise<void> {
    for (const tap of this.#taps) tap.end(cause);
    await Promise.all(this.#taps.map((tap) => tap.ended));
  }
}
