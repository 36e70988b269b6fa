import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep, systemClock } from '../../src/core/index.ts';

const BEAT_MS = 20;
/** Lateness longer ago than this does not affect a kill. */
const RECENT_MS = 2000;

/**
 * Measures how late a process on this machine runs and writes that wants to do so every 20 ms. A server that is this
 * late cannot have saved the audio of that time.
 */
export class Lateness {
  #stop = new AbortController();
  #late: { at: number; ms: number }[] = [];
  #recentMs: number;

  /** @param recentMs how far back it looks. */
  constructor(recentMs = RECENT_MS) {
    this.#recentMs = recentMs;
    this.#watch().catch(() => {});
  }

  /** Of the recent past, in ms. */
  get worst(): number {
    return Math.round(Math.max(0, ...this.#late.map(({ ms }) => ms)));
  }

  stop(): void {
    this.#stop.abort();
  }

  async #watch(): Promise<void> {
    const path = join(tmpdir(), `minivoice-lateness-${process.pid}`);
    const file = await open(path, 'w');
    try {
      for (;;) {
        const due = performance.now() + BEAT_MS;
        await sleep(systemClock, BEAT_MS, this.#stop.signal);
        await file.write(Buffer.alloc(640), 0, 640, 0);
        const at = performance.now();
        this.#late = [...this.#late.filter((each) => at - each.at < this.#recentMs), { at, ms: at - due }];
      }
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
  }
}
