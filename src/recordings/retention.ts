import { type Clock, detach, explain, Failure, type Log, sleep, type Timer } from '../core/index.ts';
import type { RecordingFiles } from './files.ts';
import type { ErasureStore, Expiring, RecordingRecord } from './store.ts';

export interface EraserPorts {
  store: ErasureStore;
  files: Pick<RecordingFiles, 'remove'>;
  clock: Clock;
  log: Log;
}

/** For how many days each is kept; 0: for ever. */
export interface KeptDays {
  calls: number;
  recordings: number;
  events: number;
  timelines: number;
  charges: number;
}

const DAY_MS = 86_400_000;
/** Between two looks for what is too old. */
const EVERY_MS = 3_600_000;
/** Between two transactions: calls have the thread meanwhile. */
const PAUSE_MS = 20;
/** From the first failure to delete a file to the next try; each further wait is twice as long, up to a day. */
const RETRY_MS = 60_000;
const FILES = 20;

/** Deletes calls, recordings and what is too old, with their files, bit by bit and beside running calls. */
export class Eraser {
  #ports: EraserPorts;
  #closing = new AbortController();
  #timer: Timer | undefined;
  /** What is under way. */
  #running = new Set<Promise<void>>();

  constructor(ports: EraserPorts) {
    this.#ports = ports;
  }

  /**
   * Erases a call and everything that was derived from it. Fails with `call_not_found`, `call_active`,
   * `call_events_pending`. A file that cannot be deleted now is tried again later.
   */
  eraseCall(id: string): Promise<void> {
    const { store } = this.#ports;
    return this.#track(async () => {
      const files = await store.eraseCall(id);
      while (await store.continueErasing(id)) await this.#pause();
      await this.#removeFiles(files);
    });
  }

  /** Deletes a recording and its file for good. Fails with `recording_not_ready` while it runs. */
  async deleteRecording(recording: Pick<RecordingRecord, 'id' | 'status'>): Promise<void> {
    if (recording.status === 'started') {
      throw new Failure('recording_not_ready', 'the recording is still running');
    }
    await this.#track(async () => {
      await this.#removeFiles(await this.#ports.store.deleteRecording(recording.id));
    });
  }

  /** Goes on with what a former process has left, and from now on deletes what is too old once an hour. */
  start(days: KeptDays): void {
    const pass = async () => {
      await this.#track(() => this.expire(days));
      if (!this.#closing.signal.aborted) this.#timer = this.#ports.clock.after(EVERY_MS, run);
    };
    const run = () => detach('recordings.retention', pass());
    this.#timer = this.#ports.clock.after(0, run);
  }

  /** Ends after the transaction that is under way: the next start goes on. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('closed'));
    this.#timer?.cancel();
    await Promise.allSettled(this.#running);
  }

  /** Deletes all that is too old now. Never rejects: what fails does not keep the rest from being deleted. */
  async expire(days: KeptDays): Promise<void> {
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

  async #expire(what: Expiring, days: number): Promise<void> {
    const { store, clock, log } = this.#ports;
    const before = clock.now() - days * DAY_MS;
    let all = 0;
    let from: unknown;
    do {
      const { deleted, next } = await store.expire(what, before, from);
      all += deleted;
      from = next;
      if (from !== undefined) await this.#pause();
    } while (from !== undefined);
    if (all > 0) log.info({ what, deleted: all, days }, 'deleted what was too old');
  }

  /** Deletes what is left of erased calls, then the files. */
  async #finish(): Promise<void> {
    while (await this.#ports.store.continueErasing()) await this.#pause();
    for (;;) {
      const due = await this.#ports.store.dueFiles(FILES);
      if (due.length === 0) return;
      for (const { file, attempts } of due) await this.#removeFile(file, attempts);
    }
  }

  async #removeFiles(names: string[]): Promise<void> {
    for (const file of names) await this.#removeFile(file, 0);
  }

  /** Deletes a file that the store has noted; does nothing where it is gone. */
  async #removeFile(file: string, attempts: number): Promise<void> {
    const { store, files, clock, log } = this.#ports;
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
    return sleep(this.#ports.clock, PAUSE_MS, this.#closing.signal);
  }

  async #guarded(what: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#ports.log.error({ what, error: explain(error) }, 'could not delete what is too old');
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
