import { Worker } from 'node:worker_threads';
import { explain, type Log } from '../../kit/index.ts';
import type { GroupCommit } from './group-commit.ts';

/** Transactions between checkpoints: a few MB of write-ahead log. */
const EVERY = 400;

/**
 * Moves the write-ahead log into the database file, in a thread of its own: the fsyncs of a checkpoint take
 * 5–40 ms, which the thread that carries calls does not have. It goes twice: most of the log while writes go on,
 * then the rest while writes wait, so that the log is used up and begins anew instead of growing under load.
 */
export class Checkpoints {
  #file: string;
  #group: GroupCommit;
  #log: Log;
  #worker: Worker | undefined;
  #since = 0;
  #running: Promise<void> | undefined;

  constructor(file: string, group: GroupCommit, log: Log) {
    this.#file = file;
    this.#group = group;
    this.#log = log;
    group.onBatch = () => {
      this.#since += 1;
      if (this.#since >= EVERY) this.#running ??= this.#run();
    };
  }

  async close(): Promise<void> {
    this.#group.onBatch = () => {};
    await this.#running;
    await this.#worker?.terminate();
  }

  async #run(): Promise<void> {
    this.#since = 0;
    try {
      await this.#ask('copy');
      await this.#group.hold(() => this.#ask('finish'));
    } catch (error) {
      // Nothing is lost: what is in the log counts as written, and the next checkpoint takes it along.
      this.#log.warn({ error: explain(error) }, 'the database checkpoint failed');
      this.#worker = undefined;
    }
    this.#running = undefined;
  }

  #ask(step: 'copy' | 'finish'): Promise<void> {
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      worker.once('message', () => {
        worker.off('error', reject);
        resolve();
      });
      worker.once('error', reject);
      worker.postMessage(step);
    });
  }

  #start(): Worker {
    const script = new URL('./checkpoint-worker.ts', import.meta.url);
    const worker = new Worker(script, { workerData: this.#file });
    worker.unref();
    return worker;
  }
}
