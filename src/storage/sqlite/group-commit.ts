import type { DatabaseSync } from 'node:sqlite';
import { type Clock, detach, explain, type Log, type Timer, withTimeout } from '../../core/index.ts';
import { BUSY_TIMEOUT_MS, isUnwritable, unwritable } from './database.ts';

interface Work {
  run(): void;
  done(): void;
  failed(error: unknown): void;
  /** Called when the work is kept in memory because nothing can be written. Work without it fails then. */
  kept?(): void;
}

/** The work that is left because nothing can be written, and why. */
interface Stuck {
  error: Error;
  left: Work[];
}

/** Writes in one transaction: more would block the thread for longer than a few milliseconds. */
const MAX_BATCH = 100;

/**
 * The longest time that `hold` makes writes wait. The file may still be locked then: writes that meet the lock are kept
 * in memory and retried, as with any other lock.
 */
const MAX_HOLD_MS = 5_000;

/**
 * The rest after a transaction, per write in it. Each transaction writes every page that it changed, however few rows of
 * the page are new, so many writes must share one; where writes are few, none should wait long.
 */
const REST_PER_WRITE_MS = 1.5;

/** The longest rest: it delays changes under load. */
const MAX_REST_MS = 10;

/** The time between two attempts while nothing can be written. */
const RETRY_MS = 1000;

export interface GroupCommitOptions {
  clock: Clock;
  log: Log;
  /** The least milliseconds from the end of a transaction to the next one; 0: no rest. Writes in between share one. */
  gatherMs: number;
}

/**
 * Combines writes into transactions. Writes requested in the same turn of the event loop, or too soon after the last
 * transaction, share one, in the order of the requests; each resolves when it is durable. When one fails, the whole
 * batch is undone and each is written alone, so that only the failing one is rejected. While nothing can be written,
 * for example on a full disk, writes wait in their order and are retried every second.
 */
export class GroupCommit {
  #database: DatabaseSync;
  #clock: Clock;
  #log: Log;
  #gatherMs: number;
  /** When the next transaction may begin, by the monotonic clock. */
  #restsUntil = -Infinity;
  #waiting: Work[] = [];
  #timer: Timer | undefined;
  #scheduled = false;
  /** Writes wait for this. */
  #held: Promise<void> | undefined;
  #closed = false;
  /** Why nothing can be written, and since when by the monotonic clock. */
  #trouble: { since: number; error: Error } | undefined;
  #begin: () => void;
  #commit: () => void;
  #probe: () => void;
  /** Called after each transaction and the callbacks of its writes. */
  onBatch: () => void = () => {};
  /** Called when the writes of a transaction are undone. They may run again. */
  onUndone: () => void = () => {};

  constructor(database: DatabaseSync, { clock, log, gatherMs }: GroupCommitOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#log = log;
    this.#gatherMs = gatherMs;
    const begin = database.prepare('BEGIN IMMEDIATE');
    const commit = database.prepare('COMMIT');
    this.#begin = () => begin.run();
    this.#commit = () => commit.run();
    // Any write tests this; `checkpoint-worker.ts` makes the same one.
    this.#probe = () => database.exec('PRAGMA user_version = 1');
  }

  /** Why nothing can be written at present; undefined while it can. */
  get trouble(): Error | undefined {
    return this.#trouble?.error;
  }

  /** The number of writes that wait for a transaction. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Writes now, or rejects with `overloaded` when nothing can be written at present.
   * @param run makes the writes, synchronously; runs again from the start when another write of the batch fails.
   */
  write<T>(run: () => T): Promise<T> {
    return new Promise((resolve, failed) => {
      let result: T;
      const setResult = () => {
        result = run();
      };
      this.#add({ run: setResult, done: () => resolve(result), failed });
    });
  }

  /**
   * Writes now, or keeps the write in memory, in its order, until it can be written. If kept, this resolves at once.
   * @param report gets the result when it is durable, in the order of the writes.
   */
  keep<T>(run: () => T, report: (result: T) => void = () => {}): Promise<void> {
    return new Promise((resolve, reject) => {
      let result: T;
      let late = false;
      this.#add({
        run: () => {
          result = run();
        },
        // The write is durable, even if `report` fails.
        done: () => {
          const reported = Promise.resolve().then(() => report(result));
          detach('storage.committed', reported.finally(resolve));
        },
        failed: (error) => {
          if (late) this.#log.error({ error: explain(error) }, 'a change that was kept could not be written');
          reject(error);
        },
        kept: () => {
          late = true;
          resolve();
        },
      });
    });
  }

  /** Resolves when all writes requested so far are durable, however long that takes. */
  written(): Promise<void> {
    return new Promise((resolve, failed) => {
      this.#add({ run() {}, done: resolve, failed, kept() {} });
    });
  }

  /** Makes writes wait while `during` runs, for 5 s at most. Rejects when it takes longer, or fails. */
  async hold(during: () => Promise<void>): Promise<void> {
    this.#held = withTimeout(this.#clock, MAX_HOLD_MS, during(), 'writes were held for more than 5 s');
    try {
      await this.#held;
    } finally {
      this.#held = undefined;
      this.#schedule();
    }
  }

  /** Accepts no more writes, and writes all that wait. Those that cannot be written now are lost. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    // A checkpoint may lock the file for longer than a write waits for it.
    if (this.#held) await this.#held.catch(() => {});
    do this.#writeBatch();
    while (this.#waiting.length > 0 && !this.#trouble);
    for (const work of this.#waiting.splice(0)) work.failed(this.trouble);
  }

  #add(work: Work): void {
    if (this.#closed) work.failed(new Error('the database is closed'));
    else if (this.#trouble && !work.kept) work.failed(unwritable(this.#trouble.error));
    else {
      this.#waiting.push(work);
      if (this.#trouble) work.kept?.();
      this.#schedule();
    }
  }

  #schedule(): void {
    if (this.#scheduled || this.#held || this.#closed) return;
    if (this.#waiting.length === 0 && !this.#trouble) return;
    this.#scheduled = true;
    const pauseMs = this.#trouble ? RETRY_MS : this.#restsUntil - this.#clock.monotonic();
    if (pauseMs > 0) this.#timer = this.#clock.after(pauseMs, this.#run);
    else setImmediate(this.#run);
  }

  #run = (): void => {
    this.#scheduled = false;
    const waiting = this.#waiting.length;
    try {
      if (!this.#held && !this.#closed) this.#writeBatch();
    } finally {
      // Whatever failed, the waiting writes must still get their turn.
      this.#rest(waiting);
      this.#schedule();
    }
  };

  /** Lets writes gather before the next transaction, unless it is full already. */
  #rest(written: number): void {
    const restMs = Math.max(this.#gatherMs, Math.min(MAX_REST_MS, REST_PER_WRITE_MS * written));
    const rests = this.#gatherMs > 0 && this.#waiting.length < MAX_BATCH;
    this.#restsUntil = this.#clock.monotonic() + (rests ? restMs : 0);
  }

  #writeBatch(): void {
    const batch = this.#waiting.splice(0, MAX_BATCH);
    if (batch.length === 0 && !this.#trouble) return;
    const stuck = this.#try(batch);
    if (stuck) this.#stall(stuck);
    else {
      this.#recover(batch.length);
      this.onBatch();
    }
  }

  #try(batch: Work[]): Stuck | undefined {
    try {
      // A batch may write nothing at all, which succeeds on a full disk too.
      if (this.#trouble) this.#probe();
      if (batch.length > 0) this.#transaction(batch);
      for (const work of batch) work.done();
      return undefined;
    } catch (error) {
      if (isUnwritable(error)) return { error, left: batch };
      if (batch.length > 1) return this.#tryEach(batch);
      batch[0]?.failed(error);
      return undefined;
    }
  }

  #tryEach(batch: Work[]): Stuck | undefined {
    for (const [at, work] of batch.entries()) {
      const stuck = this.#try([work]);
      if (stuck) return { ...stuck, left: batch.slice(at) };
    }
    return undefined;
  }

  /** Puts the rest back to the head of the queue. The first time, logs it and refuses writes that cannot be kept. */
  #stall({ error, left }: Stuck): void {
    this.#waiting.unshift(...left);
    if (this.#trouble) return;
    this.#trouble = { since: this.#clock.monotonic(), error };
    // If another connection holds a lock, each retry must not block the thread.
    this.#database.exec('PRAGMA busy_timeout = 0');
    this.#log.error({ error: explain(error) }, 'the database cannot be written: no new calls until it can');
    const refused = this.#waiting.filter((work) => !work.kept);
    this.#waiting = this.#waiting.filter((work) => work.kept);
    for (const work of refused) work.failed(unwritable(error));
    for (const work of this.#waiting) work.kept?.();
  }

  /** @param written the number of kept writes that were written just now. */
  #recover(written: number): void {
    if (!this.#trouble) return;
    const seconds = Math.round((this.#clock.monotonic() - this.#trouble.since) / 1000);
    this.#trouble = undefined;
    this.#database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    this.#log.info({ seconds, kept: written + this.#waiting.length }, 'the database can be written again');
  }

  #transaction(batch: Work[]): void {
    this.#begin();
    try {
      for (const work of batch) work.run();
      this.#commit();
    } catch (error) {
      try {
        // SQLite ends the transaction by itself when the disk is full.
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      } finally {
        this.onUndone();
      }
      throw error;
    }
  }
}
