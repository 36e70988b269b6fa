import { detach } from '../../core/index.ts';
import type { TapCommand } from '../protocol.ts';
import type { TapEnd, TapOptions } from '../sound.ts';
import { FileTap, type TapGround } from './file-tap.ts';

/** The files that the sound of one session is written to. */
export class Taps {
  #session: number;
  #deps: TapGround;
  #taps: FileTap[] = [];
  #redacted = false;

  constructor(session: number, deps: TapGround) {
    this.#session = session;
    this.#deps = deps;
  }

  get any(): boolean {
    return this.#taps.length > 0;
  }

  do(command: TapCommand): void {
    const tap = this.#taps.find((file) => file.tap === command.tap);
    if (command.do === 'tap') this.#open(command.tap, command.options);
    else if (command.do === 'stop_tap') tap?.end('stopped');
    else {
      if (command.do === 'pause_tap') tap?.pause(command.mode);
      else tap?.resume();
      this.#deps.report({ told: 'tap_turned', session: this.#session, tap: command.tap });
    }
  }

  redact(on: boolean): void {
    this.#redacted = on;
    for (const tap of this.#taps) tap.redact(on);
  }

  /** Takes the frames of one beat. */
  write(far: Int16Array, near: Int16Array): void {
    for (const tap of this.#taps) tap.write(far, near);
  }

  /** Resolves when all files are closed. */
  async end(cause: TapEnd['cause']): Promise<void> {
    for (const tap of this.#taps) tap.end(cause);
    await Promise.all(this.#taps.map((tap) => tap.closed));
  }

  #open(tap: number, options: TapOptions): void {
    const file = new FileTap(this.#session, tap, options, this.#deps);
    if (this.#redacted) file.redact(true);
    this.#taps.push(file);
    const closed = file.closed.then(() => {
      this.#taps = this.#taps.filter((other) => other !== file);
    });
    detach('media.tap', closed);
  }
}
