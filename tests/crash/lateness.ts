import { sleep, systemClock } from '../../src/kit/index.ts';

const BEAT_MS = 20;
/** Longer ago than this it has no part in what a kill costs. */
const RECENT = 2000 / BEAT_MS;

/** How late a busy machine lets those who want to run every 20 ms: what the server is late itself, it cannot have saved. */
export class Lateness {
  #stop = new AbortController();
  #late: number[] = [];

  constructor() {
    this.#watch().catch(() => {});
  }

  /** Of the last two seconds, in ms. */
  get worst(): number {
    return Math.round(Math.max(0, ...this.#late));
  }

  stop(): void {
    this.#stop.abort();
  }

  async #watch(): Promise<void> {
    for (;;) {
      const due = performance.now() + BEAT_MS;
      await sleep(systemClock, BEAT_MS, this.#stop.signal);
      this.#late.push(performance.now() - due);
      if (this.#late.length > RECENT) this.#late.shift();
    }
  }
}
