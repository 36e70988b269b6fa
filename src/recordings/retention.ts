import { type Clock, detach, explain, Failure, type Log, sleep, type Timer } from '../core/index.ts';
import type { RecordingFiles } from './files.ts';
import type { ErasureStore, Expiring, RecordingRecord } from './store.ts';

export interface EraserDeps {
  store: ErasureStore;
  files: Pick<RecordingFiles, 'remove'>;
  clock: Clock;
  log: Log;
}

/** Days for which each kind of data is kept; 0 keeps it forever. */
export interface KeptDays {
  calls: number;
  recordings: number;
  events: number;
  timelines: number;
  charges: number;
}

const DAY_MS = 86_400_000;
/** Time between two passes. */
const EVERY_MS = 3_600_000;
/** Time between two passes that also examine the rows that earlier passes have kept. */
const RESTART_MS = DAY_MS;
/** Pause between two transactions, which leaves the thread to calls. */
const PAUSE_MS = 20;
/** First delay before a failed deletion is retried; it doubles up to a day. */
const RETRY_MS = 60_000;
const FILES_AT_ONCE = 20;

/** Deletes calls, recordings and expired data with their files, in small steps beside running calls. */
export class Eraser {
  #deps: EraserDeps;
  #closing = new AbortController();
  #timer: Timer | undefined;
  /** Where the next pass begins; rows before that were kept. */
  #positions = new Map<Expiring, unknown>();
  #restartedAt = -Infinity;
  /** Deletions in progress. */
  #running = new Set<Promise<void>>();

  constructor(deps: EraserDeps) {
    this.#deps = deps;
  }

  /**
   * Erases a call and everything derived from it. Rejects with `call_not_found`, `call_active` or `call_events_pending`. A
   * file that cannot be deleted now is retried later.
   */
  eraseCall(id: string): Promise<void> {
    const { store } = this.#deps;
    return this.#track(async () => {
      const files = await store.eraseCall(id);
      while (await store.continueErasing(id)) await this.#pause();
      await this.#removeFiles(files);
    });
  }

  /** Deletes a recording and its file. Rejects with `recording_not_ready` while it runs. */
  async deleteRecording(recording: Pick<RecordingRecord, 'id' | 'status'>): Promise<void> {
    if (recording.status === 'started') {
      throw new Failure('recording_not_ready', 'the recording is still running');
    }
    await this.#track(async () => {
      await this.#removeFiles(await this.#deps.store.deleteRecording(recording.id));
    });
  }

  /** Continues the deletions of a former process, and deletes expired data once an hour. */
  start(days: KeptDays): void {
    const pass = async () => {
      await this.#track(() => this.expire(days));
      if (!this.#closing.signal.aborted) this.#timer = this.#deps.clock.after(EVERY_MS, run);
    };
    const run = () => detach('recordings.retention', pass());
    this.#timer = this.#deps.clock.after(0, run);
  }

  /** Stops after the current transaction; the next start continues. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('closed'));
    this.#timer?.cancel();
    await Promise.allSettled(this.#running);
  }

  /**
   * Deletes the data that has expired since the last pass, and once a day also data that was kept until now, for example
   * calls whose recordings have been deleted. Never rejects: a failure does not prevent other deletions.
   */
  async expire(days: KeptDays): Promise<void> {
    this.#restartDaily();
    await this.#guarded('erasures', () => this.#finish());
    // Recordings first: a call whose recordings are kept is kept with them.
    const kinds: [Expiring, number][] = [
      ['completed_recordings', days.recordings],
      ['failed_recordings', days.recordings],
      ['events', days.events],
      ['timelines', days.timelines],
      ['charges', days.charges],
      ['calls', days.calls],
    ];
    for (const [what, kept] of kinds) if (kept > 0) await this.#guarded(what, () => this.#expire(what, kept));
    await this.#guarded('erasures', () => this.#finish());
  }

  #restartDaily(): void {
    const now = this.#deps.clock.monotonic();
    if (now < this.#restartedAt + RESTART_MS) return;
    this.#restartedAt = now;
    this.#positions.clear();
  }

  async #expire(what: Expiring, days: number): Promise<void> {
    const { store, clock, log } = this.#deps;
    const before = clock.now() - days * DAY_MS;
    let all = 0;
    let isHeld = false;
    for (let from = this.#positions.get(what); ; ) {
      const { deleted, next, resume } = await store.expire(what, before, from);
      all += deleted;
      if (next === undefined) break;
      // A row that ended after `before` may expire before the next pass.
      if (!isHeld) this.#positions.set(what, resume ?? next);
      isHeld ||= resume !== undefined;
      from = next;
      await this.#pause();
    }
    if (all > 0) log.info({ what, deleted: all, days }, 'deleted expired data');
  }

  /** Deletes the remaining rows of erased calls, then the files. */
  async #finish(): Promise<void> {
    while (await this.#deps.store.continueErasing()) await this.#pause();
    for (;;) {
      const due = await this.#deps.store.dueFiles(FILES_AT_ONCE);
      if (due.length === 0) return;
      for (const { file, attempts } of due) await this.#removeFile(file, attempts);
    }
  }

  async #removeFiles(names: string[]): Promise<void> {
    for (const file of names) await this.#removeFile(file, 0);
  }

  /** Deletes a file that the store lists; does nothing if it does not exist. */
  async #removeFile(file: string, attempts: number): Promise<void> {
    const { store, files, clock, log } = this.#deps;
    this.#closing.signal.throwIfAborted();
    try {
      await files.remove(file);
      await store.fileDeleted(file);
    } catch (error) {
      const wait = Math.min(RETRY_MS * 2 ** Math.min(attempts, 20), DAY_MS);
      log.warn({ file, error: explain(error), retry_seconds: wait / 1000 }, 'could not delete a file');
      await store.fileKept(file, clock.now() + wait);
    }
  }

  #pause(): Promise<void> {
    return sleep(this.#deps.clock, PAUSE_MS, this.#closing.signal);
  }

  async #guarded(what: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#deps.log.error({ what, error: explain(error) }, 'could not delete expired data');
    }
  }

  async #track(run: () => Promise<void>): Promise<void> {
    const work = run();
    this.#running.add(work);
    try {
      await work;
    } finally {
      this.#running.delete(work);
    }
  }
}
