import type { Timer } from '../../core/index.ts';
import type { Core } from '../core.ts';
import { giveUpAfter } from '../transaction/index.ts';

/**
 * RFC 3261 §13.3.1.4 and RFC 3262 §3: repeats a response until it is acknowledged: after T1, then twice as long
 * each time up to `longest`, and gives up after 64 × T1. Over TCP too: the next hop may be UDP.
 */
export class Unacknowledged {
  #core: Core;
  #interval: number;
  #longest: number;
  #repeat: () => void;
  #repeating: Timer;
  #givingUp: Timer;

  constructor(core: Core, parts: { repeat: () => void; giveUp: () => void; longest: number }) {
    this.#core = core;
    this.#interval = core.timers.t1;
    this.#longest = parts.longest;
    this.#repeat = parts.repeat;
    this.#repeating = core.clock.after(this.#interval, this.#next);
    this.#givingUp = core.clock.after(giveUpAfter(core.timers), () => {
      this.stop();
      parts.giveUp();
    });
  }

  stop(): void {
    this.#repeating.cancel();
    this.#givingUp.cancel();
  }

  #next = (): void => {
    this.#repeat();
    this.#interval = Math.min(this.#interval * 2, this.#longest);
    this.#repeating = this.#core.clock.after(this.#interval, this.#next);
  };
}
