import { Worker } from 'node:worker_threads';
import { type Clock, explain, FairWorkers, type Log, within } from '../core/index.ts';
import type { Answer, Order } from './finishing-thread.ts';

/** A file that is whole and on disk. */
export interface Finished {
  /** `wav` though mp3 was asked for: it could not be made, and the sound is kept as it was recorded. */
  format: 'wav' | 'mp3';
  sizeBytes: number;
  sha256: string;
}

/** Makes a closed WAV file into what was asked for, and measures it. */
export interface Finisher {
  /**
   * @param wav absolute path of a closed file. With `mp3` a file of that ending appears beside it, whole or
   * not at all, and the WAV file stays: who commits the result removes it.
   * @param customerId whose file it is: customers take turns.
   */
  finish(wav: string, format: 'wav' | 'mp3', customerId: string): Promise<Finished>;
  close(): Promise<void>;
}

/** A thread that has not finished a file after this, in milliseconds, hangs. The longest MP3 takes some minutes. */
const LONGEST_MS = 15 * 60_000;

/** Closing waits so long, in milliseconds. What is unfinished then is finished at the next start. */
const CLOSING_MS = 15_000;

const startThread = () =>
  new Worker(new URL('./finishing-thread.ts', import.meta.url), { name: 'finishing' });

/**
 * Does it in threads of its own, so that neither hashing nor encoding holds up a call, and no file that is only measured
 * waits for one that is encoded. A thread that dies is replaced, and what it was at is tried once more: the recorded file
 * is still there.
 */
export class ThreadFinisher implements Finisher {
  #log: Log;
  #clock: Clock;
  #threads: Record<'wav' | 'mp3', FairWorkers<Order, Answer>>;
  #running = new Set<Promise<unknown>>();

  constructor({ clock, log }: { clock: Clock; log: Log }, start = startThread) {
    this.#clock = clock;
    this.#log = log;
    const options = {
      clock,
      log,
      start,
      atOnce: 1,
      maxTryMs: LONGEST_MS,
      retriesHung: true,
      // No recording is given up because there are many.
      maxWaitingPerTenant: Number.POSITIVE_INFINITY,
      failure: (why: string) => new Error(`the recording could not be finished: ${why}`),
    };
    // Of two threads that encode, a customer has one at most: a long file of one does not hold up another.
    const encoding = { ...options, atOnce: 2, atOncePerTenant: 1 };
    this.#threads = { wav: new FairWorkers(options), mp3: new FairWorkers(encoding) };
  }

  finish(wav: string, format: 'wav' | 'mp3', customerId: string): Promise<Finished> {
    const finished = this.#finish(wav, format, customerId);
    this.#running.add(finished);
    const over = () => this.#running.delete(finished);
    finished.then(over, over);
    return finished;
  }

  async close(): Promise<void> {
    const all = Promise.allSettled([...this.#running]);
    await within(this.#clock, CLOSING_MS, all, 'files are still being finished').catch((error) => {
      this.#log.warn({ error: explain(error), files: this.#running.size }, 'left for the next start');
    });
    await Promise.all(Object.values(this.#threads).map((threads) => threads.close()));
  }

  async #finish(wav: string, format: 'wav' | 'mp3', customerId: string): Promise<Finished> {
    const job = { tenant: customerId, key: wav };
    const { finished, warning } = await this.#threads[format].run(job, { wav, format });
    if (warning) this.#log.warn({ why: warning }, 'a recording stays as it was recorded');
    return finished;
  }
}
