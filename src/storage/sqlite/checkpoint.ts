import { Worker } from 'node:worker_threads';
import { type Clock, detach, explain, type Log, type Timer, within } from '../../core/index.ts';
import type { GroupCommit } from './group-commit.ts';

/** Transactions between checkpoints: a few MB of write-ahead log. */
const EVERY = 400;

/** From an erasure to the checkpoint that takes what was erased out of the log. */
const SOON_MS = 10_000;

/** A step that takes longer, in milliseconds, is given up with its thread: a disk may stand still for ever. */
const LONGEST_STEP_MS = 60_000;

/** How long a thread may take to end, in milliseconds. */
const ENDING_MS = 5_000;

type Step = 'copy' | 'finish' | 'empty';

const startThread = (file: string) =>
  new Worker(new URL('./checkpoint-worker.ts', import.meta.url), { workerData: file });

/**
 * Moves the write-ahead log into the database file, in a thread of its own: the fsyncs of a checkpoint take
 * 5–40 ms, which the thread that carries calls does not have. It goes twice: most of the log while writes go on,
 * then the rest while writes wait, so that the log is used up and begins anew instead of growing under load.
 */
export class Checkpoints {
  #file: string;
  #group: GroupCommit;
  #clock: Clock;
  #log: Log;
  #startThread: (file: string) => Worker;
  #worker: Worker | undefined;
  /** What the thread is asked to do. */
  #asked: PromiseWithResolvers<void> | undefined;
  #since = 0;
  #running: Promise<void> | undefined;
  #soon: Timer | undefined;

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
      if (this.#since >= EVERY) this.#running ??= this.#run();
    };
  }

  /** Something was erased: its former text leaves the log within seconds, however little is written. */
  soon(): void {
    this.#soon ??= this.#clock.after(SOON_MS, async () => {
      this.#soon = undefined;
      // One that runs already may have begun before.
      await this.#running;
      this.#running ??= this.#run('empty');
    });
  }

  /** Lets the checkpoint that runs end, within a minute. */
  async close(): Promise<void> {
    this.#group.onBatch = () => {};
    this.#soon?.cancel();
    await this.#running;
    const ended = this.#end();
    await within(this.#clock, ENDING_MS, ended, 'the thread of checkpoints does not end').catch((error) => {
      this.#log.warn({ error: explain(error) }, 'the thread of checkpoints was left behind');
    });
  }

  async #run(last: Step = 'finish'): Promise<void> {
    this.#since = 0;
    try {
      await this.#ask('copy');
      await this.#group.hold(() => this.#ask(last));
    } catch (error) {
      // Nothing is lost: what is in the log counts as written, and the next checkpoint takes it along.
      this.#log.warn({ error: explain(error) }, 'the database checkpoint failed');
      detach('storage.checkpoint', this.#end());
    }
    this.#running = undefined;
  }

  #ask(step: Step): Promise<void> {
    const asked = Promise.withResolvers<void>();
    this.#asked = asked;
    try {
      this.#worker ??= this.#start();
      this.#worker.postMessage(step);
    } catch (error) {
      asked.reject(error);
    }
    return within(this.#clock, LONGEST_STEP_MS, asked.promise, `the checkpoint hangs in its step ${step}`);
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#asked?.reject(new Error('its thread was ended'));
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = this.#startThread(this.#file);
    worker.unref();
    worker.on('message', () => this.#asked?.resolve());
    worker.on('error', (error) => this.#lost(worker, error));
    worker.on('exit', (code) => this.#lost(worker, new Error(`its thread ended with ${code}`)));
    return worker;
  }

  #lost(worker: Worker, error: unknown): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    this.#asked?.reject(error);
  }
}
