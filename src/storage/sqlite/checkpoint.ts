import { Worker } from 'node:worker_threads';
import { type Clock, detach, explain, type Log, type Timer, withTimeout } from '../../core/index.ts';
import type { GroupCommit } from './group-commit.ts';

/** Transactions between checkpoints: a few MB of write-ahead log. */
const CHECKPOINT_EVERY = 400;

/** The delay between an erasure and the checkpoint that removes the erased data from the log. */
const ERASURE_DELAY_MS = 10_000;

/** After this time a step and its thread are given up: a disk may hang forever. */
const STEP_TIMEOUT_MS = 60_000;

/** The thread ends after this time without a checkpoint, which frees its memory. It starts again within 100 ms. */
const IDLE_MS = 10_000;

/** How long a thread may take to end. */
const END_TIMEOUT_MS = 5_000;

type Step = 'copy' | 'finish' | 'empty';

const startThread = (file: string) =>
  new Worker(new URL('./checkpoint-worker.ts', import.meta.url), { workerData: file });

/**
 * Moves the write-ahead log into the database file, in a separate thread. The fsyncs of a checkpoint take 5–40 ms, which
 * is too long for the thread that handles calls. It runs in two steps: it copies most of the log while writes continue,
 * then the rest while writes wait, so that the log restarts instead of growing under load.
 */
export class Checkpoints {
  #file: string;
  #group: GroupCommit;
  #clock: Clock;
  #log: Log;
  #startThread: (file: string) => Worker;
  #worker: Worker | undefined;
  /** The step that the thread runs. */
  #step: PromiseWithResolvers<void> | undefined;
  #since = 0;
  #running: Promise<void> | undefined;
  #scheduled: Timer | undefined;
  #idleTimer: Timer | undefined;

  constructor(
    file: string,
    group: GroupCommit,
    { clock, log }: { clock: Clock; log: Log },
    start = startThread,
  ) {
    this.#file = file;
    this.#group = group;
    this.#clock = clock;
    this.#log = log;
    this.#startThread = start;
    group.onBatch = () => {
      this.#since += 1;
      if (this.#since >= CHECKPOINT_EVERY && this.#hasLog) this.#running ??= this.#run();
    };
  }

  /** Schedules a checkpoint that removes erased data from the log, within seconds. */
  scheduleErasure(): void {
    if (!this.#hasLog) return;
    this.#scheduled ??= this.#clock.after(ERASURE_DELAY_MS, async () => {
      this.#scheduled = undefined;
      // A checkpoint that runs already may have started before the erasure.
      await this.#running;
      this.#running ??= this.#run('empty');
    });
  }

  /** A database in memory has no write-ahead log. */
  get #hasLog(): boolean {
    return this.#file !== ':memory:';
  }

  /** Waits for a running checkpoint, for at most a minute, and ends the thread. */
  async close(): Promise<void> {
    this.#group.onBatch = () => {};
    this.#scheduled?.cancel();
    await this.#running;
    this.#idleTimer?.cancel();
    const ended = this.#end();
    await withTimeout(this.#clock, END_TIMEOUT_MS, ended, 'the checkpoint thread does not end').catch(
      (error) => {
        this.#log.warn({ error: explain(error) }, 'could not end the checkpoint thread');
      },
    );
  }

  async #run(last: Step = 'finish'): Promise<void> {
    this.#since = 0;
    this.#idleTimer?.cancel();
    try {
      await this.#execute('copy');
      await this.#group.hold(() => this.#execute(last));
      this.#idleTimer = this.#clock.after(IDLE_MS, () => detach('storage.checkpoint', this.#end()));
    } catch (error) {
      // Nothing is lost: the log is part of the database, and the next checkpoint copies it.
      this.#log.warn({ error: explain(error) }, 'the database checkpoint failed');
      detach('storage.checkpoint', this.#end());
    }
    this.#running = undefined;
  }

  #execute(step: Step): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#step = done;
    try {
      this.#worker ??= this.#start();
      this.#worker.postMessage(step);
    } catch (error) {
      done.reject(error);
    }
    return withTimeout(
      this.#clock,
      STEP_TIMEOUT_MS,
      done.promise,
      `the checkpoint hangs in its step ${step}`,
    );
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#step?.reject(new Error('the checkpoint thread was ended'));
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = this.#startThread(this.#file);
    worker.unref();
    worker.on('message', () => this.#step?.resolve());
    worker.on('error', (error) => this.#lost(worker, error));
    worker.on('exit', (code) => this.#lost(worker, new Error(`the checkpoint thread ended with ${code}`)));
    return worker;
  }

  #lost(worker: Worker, error: unknown): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    this.#step?.reject(error);
  }
}
