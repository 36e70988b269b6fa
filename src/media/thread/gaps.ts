import type { TapGap } from '../sound.ts';

/** What a recording leaves out, and when: in milliseconds since its first frame, by the beats that passed. */
export class Gaps {
  readonly list: TapGap[] = [];
  #open = new Map<TapGap['cause'], TapGap>();

  /** With those that still go on. */
  get soFar(): TapGap[] {
    return [...this.list, ...this.#open.values()];
  }

  begin(cause: TapGap['cause'], atMs: number): void {
    if (!this.#open.has(cause)) this.#open.set(cause, { startMs: atMs, endMs: atMs, cause });
  }

  /** A gap that is over before a frame has passed was none. */
  end(cause: TapGap['cause'], atMs: number): void {
    const gap = this.#open.get(cause);
    this.#open.delete(cause);
    if (gap && atMs > gap.startMs) this.list.push({ ...gap, endMs: atMs });
  }

  endAll(atMs: number): void {
    for (const cause of [...this.#open.keys()]) this.end(cause, atMs);
  }
}
