import { Worker } from 'node:worker_threads';
import { type Clock, explain, FairWorkers, type Log, withTimeout } from '../core/index.ts';

/** A file that is complete and on disk. */
export interface Finished {
  /** `wav` although mp3 was requested, if encoding failed: the recorded file is kept. */
  format: 'wav' | 'mp3';
  sizeBytes: number;
  sha256: string;
}

/** A request to finish one file. */
export interface FinishRequest {
  wav: string;
  format: 'wav' | 'mp3';
}

export interface FinishResult {
  finished: Finished;
  /** Why encoding failed. */
  warning?: string;
}

/** Converts a closed WAV file to the requested format and measures the result. */
export interface Finisher {
  /**
   * @param wav absolute path of a closed file. With `mp3`, a complete MP3 file appears beside it. The WAV file stays; the
   * caller removes it after committing the result.
   * @param customerId customers take turns.
   */
  finish(wav: string, format: 'wav' | 'mp3', customerId: string): Promise<Finished>;
  close(): Promise<void>;
}

/** A thread that takes longer than this for a file hangs. The longest MP3 takes a few minutes. */
const MAX_RUN_MS = 15 * 60_000;

/** A thread without files ends after this time, which frees its memory. */
const IDLE_MS = 60_000;

/** Longest wait on close. The next start finishes the remaining files. */
const CLOSE_TIMEOUT_MS = 15_000;

const startThread = () =>
  new Worker(new URL('./finishing-thread.ts', import.meta.url), { name: 'finishing' });

/**
 * Finishes files in its own threads, so that hashing and encoding do not delay calls. Files that are only measured do not
 * wait for files that are encoded. A thread that dies is replaced, and its file is tried once more.
 */
export class ThreadFinisher implements Finisher {
  #log: Log;
  #clock: Clock;
  #threads: Record<'wav' | 'mp3', FairWorkers<FinishRequest, FinishResult>>;
  #running = new Set<Promise<unknown>>();

  constructor({ clock, log }: { clock: Clock; log: Log }, start = startThread) {
    this.#clock = clock;
    this.#log = log;
    const options = {
      clock,
      log,
      start,
      concurrency: 1,
      idleMs: IDLE_MS,
      maxTryMs: MAX_RUN_MS,
      retriesHung: true,
      // No recording is dropped because there are many.
      maxWaitingPerTenant: Number.POSITIVE_INFINITY,
      failure: (why: string) => new Error(`could not finish the recording: ${why}`),
    };
    // A customer uses at most one of the two encoding threads, so that a long file does not delay other customers.
    const encoding = { ...options, concurrency: 2, concurrencyPerTenant: 1 };
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
    await withTimeout(this.#clock, CLOSE_TIMEOUT_MS, all, 'files are still being finished').catch((error) => {
      this.#log.warn(
        { error: explain(error), files: this.#running.size },
        'files remain unfinished; the next start finishes them',
      );
    });
    await Promise.all(Object.values(this.#threads).map((threads) => threads.close()));
  }

  async #finish(wav: string, format: 'wav' | 'mp3', customerId: string): Promise<Finished> {
    const job = { tenant: customerId, key: wav };
    const { finished, warning } = await this.#threads[format].run(job, { wav, format });
    if (warning)
      this.#log.warn({ why: warning }, 'could not encode a recording as MP3; the WAV file is kept');
    return finished;
  }
}
