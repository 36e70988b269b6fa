import type { DatabaseSync } from 'node:sqlite';
import { type Clock, detach, explain, type Log, type Timer, within } from '../../core/index.ts';
import { OTHERS_MS } from './database.ts';
import { isUnwritable, unwritable } from './unwritable.ts';

interface Work {
  run(): void;
  done(): void;
  failed(error: unknown): void;
  /** Of what waits in memory while nothing can be written: tells so. What has none fails then. */
  kept?(): void;
}

/** What could not be written because nothing can be, and why. */
interface Stuck {
  error: Error;
  left: Work[];
}

/** More than this in one transaction would hold the thread for longer than a few milliseconds. */
const LARGEST_BATCH = 100;

/**
 * Writes wait no longer than this for whoever holds them, in milliseconds. The holder may still have the file locked
 * then: writes that meet the lock are kept in memory and tried again, as with any other lock.
 */
const LONGEST_HOLD_MS = 5_000;

/** Between two tries where nothing could be written. */
const RETRY_MS = 1000;

/** When writes share a transaction. */
export interface Gathering {
  clock: Clock;
  log: Log;
  /** From the end of one transaction to the begin of the next, in milliseconds: what comes meanwhile goes together. */
  gatherMs: number;
}

/**
 * Writes that are asked for in the same turn of the event loop, or too soon after the last ones, share one
 * transaction, in the order of asking; each is told when it is durable. When one fails, all of the batch is undone
 * and each is written for itself, so that only the bad one is rejected. When nothing can be written, a full disk for
 * instance, writes wait in their order and are tried again every second.
 */
export class GroupCommit {
  #database: DatabaseSync;
  #clock: Clock;
  #log: Log;
  #gatherMs: number;
  /** When the last transaction ended, by the monotonic clock. */
  #last = -Infinity;
  #waiting: Work[] = [];
  #timer: Timer | undefined;
  #scheduled = false;
  /** What writes wait for. */
  #held: Promise<void> | undefined;
  #closed = false;
  /** Since when nothing can be written, by the monotonic clock, and why. */
  #trouble: { since: number; error: Error } | undefined;
  #begin: () => void;
  #commit: () => void;
  #probe: () => void;
  /** Called after each transaction, when its writers have been told. */
  onBatch: () => void = () => {};

  constructor(database: DatabaseSync, { clock, log, gatherMs }: Gathering) {
    this.#database = database;
    this.#clock = clock;
    this.#log = log;
    this.#gatherMs = gatherMs;
    const begin = database.prepare('BEGIN IMMEDIATE');
    const commit = database.prepare('COMMIT');
    this.#begin = () => begin.run();
    this.#commit = () => commit.run();
    // Any write will do: it is the one that `checkpoint-worker.ts` makes.
    this.#probe = () => database.exec('PRAGMA user_version = 1');
  }

  /** Why nothing can be written at present; undefined while it can. */
  get trouble(): Error | undefined {
    return this.#trouble?.error;
  }

  /** Writes that wait for their turn, or for room. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Rejects with `overloaded` when nothing can be written at present.
   * @param run the writes, synchronous; run again from the start when another write of the batch fails.
   */
  write<T>(run: () => T): Promise<T> {
    return new Promise((resolve, failed) => {
      let result: T;
      const keep = () => {
        result = run();
      };
      this.#add({ run: keep, done: () => resolve(result), failed });
    });
  }

  /**
   * As `write`, but what cannot be written at present is kept in memory, in its order, until it can: then this
   * resolves when it is kept.
   * @param told gets the result when it is durable, in the order of the writes.
   */
  keep<T>(run: () => T, told: (result: T) => void = () => {}): Promise<void> {
    return new Promise((resolve, reject) => {
      let result: T;
      let late = false;
      this.#add({
        run: () => {
          result = run();
        },
        // It is written, whatever becomes of those who are told so.
        done: () => {
          const telling = Promise.resolve().then(() => told(result));
          detach('storage.committed', telling.finally(resolve));
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

  /** Resolves when all that was asked for so far is durable, however long that takes. */
  written(): Promise<void> {
    return new Promise((resolve, failed) => {
      this.#add({ run() {}, done: resolve, failed, kept() {} });
    });
  }

  /** Lets writes wait while `during` runs, for 5 s at most. Rejects when it takes longer, or fails. */
  async hold(during: () => Promise<void>): Promise<void> {
    this.#held = within(this.#clock, LONGEST_HOLD_MS, during(), 'writes were held for more than 5 s');
    try {
      await this.#held;
    } finally {
      this.#held = undefined;
      this.#schedule();
    }
  }

  /** Takes no more, and writes all that waits. What cannot be written even now is lost. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    // Others may be at work in the file for longer than a write would wait for them.
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
    const pauseMs = this.#trouble ? RETRY_MS : this.#last + this.#gatherMs - this.#clock.monotonic();
    // A transaction costs as much as the writes of half a call: under load it is worth waiting for company.
    if (pauseMs > 0) this.#timer = this.#clock.after(pauseMs, this.#run);
    else setImmediate(this.#run);
  }

  #run = (): void => {
    this.#scheduled = false;
    try {
      if (!this.#held && !this.#closed) this.#writeBatch();
    } finally {
      // Whatever went wrong: the writes that wait must not wait for ever.
      this.#last = this.#clock.monotonic();
      this.#schedule();
    }
  };

  #writeBatch(): void {
    const batch = this.#waiting.splice(0, LARGEST_BATCH);
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
      // What waits may write nothing at all, which succeeds on a full disk too.
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

  /** What is left goes back to the head of the queue; that it is so is said once. */
  #stall({ error, left }: Stuck): void {
    this.#waiting.unshift(...left);
    if (this.#trouble) return;
    this.#trouble = { since: this.#clock.monotonic(), error };
    // Where it is somebody else who writes: the thread need not wait for him at each try.
    this.#database.exec('PRAGMA busy_timeout = 0');
    this.#log.error({ error: explain(error) }, 'the database cannot be written: no new calls until it can');
    const refused = this.#waiting.filter((work) => !work.kept);
    this.#waiting = this.#waiting.filter((work) => work.kept);
    for (const work of refused) work.failed(unwritable(error));
    for (const work of this.#waiting) work.kept?.();
  }

  /** @param written of what was kept, just now. */
  #recover(written: number): void {
    if (!this.#trouble) return;
    const seconds = Math.round((this.#clock.monotonic() - this.#trouble.since) / 1000);
    this.#trouble = undefined;
    this.#database.exec(`PRAGMA busy_timeout = ${OTHERS_MS}`);
    this.#log.info({ seconds, kept: written + this.#waiting.length }, 'the database can be written again');
  }

  #transaction(batch: Work[]): void {
    this.#begin();
    try {
      for (const work of batch) work.run();
      this.#commit();
    } catch (error) {
      // SQLite ends the transaction by itself when the disk is full.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}
