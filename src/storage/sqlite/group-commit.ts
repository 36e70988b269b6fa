import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../kit/index.ts';

interface Work {
  run(): void;
  done(): void;
  failed(error: unknown): void;
}

/** More than this in one transaction would hold the thread for longer than a few milliseconds. */
const LARGEST_BATCH = 100;

/** When writes share a transaction. */
export interface Gathering {
  clock: Clock;
  /** From the end of one transaction to the begin of the next, in milliseconds: what comes meanwhile goes together. */
  gatherMs: number;
}

/**
 * Writes that are asked for in the same turn of the event loop, or too soon after the last ones, share one
 * transaction, in the order of asking; each is told when it is durable. When one fails, all of the batch is undone and each is written for itself, so
 * that only the bad one is rejected.
 */
export class GroupCommit {
  #database: DatabaseSync;
  #clock: Clock;
  #gatherMs: number;
  /** When the last transaction ended, by the monotonic clock. */
  #last = -Infinity;
  #waiting: Work[] = [];
  #scheduled = false;
  #held = false;
  #closed = false;
  #begin: () => void;
  #commit: () => void;
  /** Called after each transaction, when its writers have been told. */
  onBatch: () => void = () => {};

  constructor(database: DatabaseSync, { clock, gatherMs }: Gathering) {
    this.#database = database;
    this.#clock = clock;
    this.#gatherMs = gatherMs;
    const begin = database.prepare('BEGIN IMMEDIATE');
    const commit = database.prepare('COMMIT');
    this.#begin = () => begin.run();
    this.#commit = () => commit.run();
  }

  /** @param run the writes, synchronous; run again from the start when another write of the batch fails. */
  write<T>(run: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the database is closed'));
    return new Promise((resolve, failed) => {
      let result: T;
      const keep = () => {
        result = run();
      };
      this.#waiting.push({ run: keep, done: () => resolve(result), failed });
      this.#schedule();
    });
  }

  /** Lets writes wait while `during` runs. */
  async hold(during: () => Promise<void>): Promise<void> {
    this.#held = true;
    try {
      await during();
    } finally {
      this.#held = false;
      this.#schedule();
    }
  }

  /** Writes all that waits, and takes no more. */
  close(): void {
    this.#closed = true;
    while (this.#waiting.length > 0) this.#writeBatch();
  }

  #schedule(): void {
    if (this.#scheduled || this.#held || this.#waiting.length === 0) return;
    this.#scheduled = true;
    const pauseMs = this.#last + this.#gatherMs - this.#clock.monotonic();
    // A transaction costs as much as the writes of half a call: under load it is worth waiting for company.
    if (pauseMs > 0) this.#clock.after(pauseMs, this.#run);
    else setImmediate(this.#run);
  }

  #run = (): void => {
    this.#scheduled = false;
    if (!this.#held) this.#writeBatch();
    this.#last = this.#clock.monotonic();
    this.#schedule();
  };

  #writeBatch(): void {
    const batch = this.#waiting.splice(0, LARGEST_BATCH);
    if (batch.length === 0) return;
    try {
      this.#transaction(batch);
      for (const work of batch) work.done();
    } catch (error) {
      if (batch.length === 1) batch[0]?.failed(error);
      else for (const work of batch) this.#writeAlone(work);
    }
    this.onBatch();
  }

  #writeAlone(work: Work): void {
    try {
      this.#transaction([work]);
      work.done();
    } catch (error) {
      work.failed(error);
    }
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
