import type { TapEnd } from '../audio.ts';

type Gap = TapEnd['gaps'][number];

/** What a recording leaves out, and when: in milliseconds since its first frame, by the beats that passed. */
export class Gaps {
  readonly list: Gap[] = [];
  #open = new Map<Gap['cause'], Gap>();

  begin(cause: Gap['cause'], atMs: number): void {
    if (!this.#open.has(cause)) this.#open.set(cause, { startMs: atMs, endMs: atMs, cause });
  }

  /** A gap that is over before a frame has passed was none. */
  end(cause: Gap['cause'], atMs: number): void {
    const gap = this.#open.get(cause);
    this.#open.delete(cause);
    if (gap && atMs > gap.startMs) this.list.push({ ...gap, endMs: atMs });
  }

  endAll(atMs: number): void {
    for (const cause of [...this.#open.keys()]) this.end(cause, atMs);
  }
}
