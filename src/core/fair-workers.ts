import type { Worker } from 'node:worker_threads';
import type { Timer } from './clock.ts';
import { explain, Failure } from './failure.ts';
import { FairQueue, type FairQueueOptions, type Job } from './fair-queue.ts';
import { detach, guarded } from './guard.ts';
import type { Log } from './log.ts';

/** What `serveJobs` answers: `ready` once, then one answer for each order. */
export type JobAnswer<Answer> =
  | { ready: true }
  | { order: number; answer: Answer }
  | { order: number; failure: { code: string | undefined; message: string } };

export interface FairWorkersOptions extends FairQueueOptions {
  /** A thread that has not done its job after so many milliseconds hangs: it is replaced, and the job fails. */
  maxTryMs?: number;
  /** Such a job is tried once more before it fails. */
  retriesHung?: boolean;
  /** Starts one thread, which runs `serveJobs`. `atOnce` threads are started at most, each when it is first needed. */
  start: () => Worker;
  /** A job that nobody wants any more may end within this time; then its thread is ended. Default: 1,000 ms. */
  graceMs?: number;
  log: Log;
}

/** A thread that dies takes one job with it, which is then tried once more. */
const TRIES = 2;
const GRACE_MS = 1_000;

/**
 * Threads that work for many tenants, one job at a time each, in the order of a `FairQueue`. A thread that dies or
 * takes too long is replaced, and no job but its own notices.
 */
export class FairWorkers<Order, Answer> {
  #options: FairWorkersOptions;
  #queue: FairQueue;
  #threads: JobThread<Order, Answer>[];
  #closed = false;

  constructor(options: FairWorkersOptions) {
    this.#options = options;
    this.#queue = new FairQueue(options);
    this.#threads = Array.from({ length: options.atOnce }, () => new JobThread(options));
  }

  /** Jobs that run, and jobs that wait for their turn. */
  get load(): { running: number; waiting: number } {
    return this.#queue.load;
  }

  /** Starts a thread ahead of its first job; resolves when it is ready. */
  async warm(): Promise<void> {
    await this.#threads[0]!.warm();
  }

  /** Rejects with the thread's `Failure`, and as `FairQueue.run` does. */
  run(job: Job, order: Order): Promise<Answer> {
    return this.#queue.run(job, (signal) => this.#try(order, signal));
  }

  /** Ends all threads; what is running or waiting fails. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#queue.close();
    await Promise.all(this.#threads.map((thread) => thread.end('it was closed')));
  }

  async #try(order: Order, signal: AbortSignal): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#tryOnce(order, signal);
      } catch (error) {
        if (!(error instanceof ThreadLost) || signal.aborted) throw error;
        this.#options.log.error({ cause: error.message, tries }, 'a worker thread was lost and is replaced');
        if (error.hung && !this.#options.retriesHung) throw this.#options.failure('it took too long');
        if (tries === TRIES) throw this.#options.failure(error.message);
      }
    }
  }

  /** Waits for an idle thread: an aborted job gives its place back before its thread is idle. */
  async #tryOnce(order: Order, signal: AbortSignal): Promise<Answer> {
    let thread = this.#idle();
    for (; !thread; thread = this.#idle()) await Promise.race(this.#threads.map((one) => one.idle));
    // Nothing is awaited from here to `run`, which makes the thread busy: no other job can take it too.
    if (this.#closed) throw this.#options.failure('it was closed');
    signal.throwIfAborted();
    const deadline = this.#deadline(thread);
    try {
      return await thread.run(order, signal);
    } finally {
      deadline?.cancel();
    }
  }

  #idle(): JobThread<Order, Answer> | undefined {
    return this.#threads.find((thread) => !thread.busy);
  }

  #deadline(thread: JobThread<Order, Answer>): Timer | undefined {
    const { clock, maxTryMs } = this.#options;
    const end = () => detach('worker', thread.end('the thread hangs', true));
    return maxTryMs === undefined ? undefined : clock.after(maxTryMs, end);
  }
}

class ThreadLost extends Error {
  hung = false;
}

/** One thread and its job. */
class JobThread<Order, Answer> {
  #options: FairWorkersOptions;
  #worker: Worker | undefined;
  #ready: PromiseWithResolvers<void> | undefined;
  #job: PromiseWithResolvers<Answer> | undefined;
  #orders = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: FairWorkersOptions) {
    this.#options = options;
  }

  get busy(): boolean {
    return this.#idle !== undefined;
  }

  /** Resolves when it has no job. */
  get idle(): Promise<void> {
    return this.#idle?.promise ?? Promise.resolve();
  }

  warm(): Promise<void> {
    if (!this.#worker) this.#start();
    return this.#ready!.promise;
  }

  async run(order: Order, signal: AbortSignal): Promise<Answer> {
    const job = Promise.withResolvers<Answer>();
    this.#job = job;
    this.#idle = Promise.withResolvers();
    let grace: Timer | undefined;
    const giveUp = () => {
      const end = () => this.#job === job && detach('worker', this.end('nobody waits for it any more'));
      grace = this.#options.clock.after(this.#options.graceMs ?? GRACE_MS, end);
    };
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      if (!this.#worker) this.#start();
      this.#worker!.postMessage({ order: ++this.#orders, job: order });
      return await job.promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
      grace?.cancel();
      this.#job = undefined;
      this.#idle.resolve();
      this.#idle = undefined;
    }
  }

  /** Ends the thread; its job fails. The next job starts another. */
  async end(cause: string, hung = false): Promise<void> {
    const worker = this.#worker;
    this.#lost(cause, hung);
    await worker?.terminate();
  }

  #start(): void {
    const worker = this.#options.start();
    const lost = (cause: string) => {
      if (worker === this.#worker) this.#lost(cause);
    };
    const take = (answer: JobAnswer<Answer>) => worker === this.#worker && this.#take(answer);
    worker.on('message', guarded('worker.message', take));
    worker.on('messageerror', (error) => lost(explain(error)));
    worker.on('error', (error) => lost(explain(error)));
    worker.on('exit', (code) => lost(`the thread ended with ${code}`));
    this.#worker = worker;
    this.#ready = Promise.withResolvers();
    this.#ready.promise.catch(() => {});
  }

  #take(answer: JobAnswer<Answer>): void {
    if ('ready' in answer) this.#ready?.resolve();
    else if (answer.order !== this.#orders) return;
    else if ('answer' in answer) this.#job?.resolve(answer.answer);
    else {
      const { code, message } = answer.failure;
      this.#job?.reject(code === undefined ? this.#options.failure(message) : new Failure(code, message));
    }
  }

  #lost(cause: string, hung = false): void {
    this.#worker = undefined;
    const lost = Object.assign(new ThreadLost(cause), { hung });
    this.#ready?.reject(lost);
    this.#job?.reject(lost);
  }
}
