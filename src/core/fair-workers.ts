import { flushCompileCache } from 'node:module';
import { setPriority } from 'node:os';
import { parentPort, type Worker } from 'node:worker_threads';
import type { Timer } from './clock.ts';
import { explain, Failure } from './failure.ts';
import { FairQueue, type FairQueueOptions, type Job } from './fair-queue.ts';
import { detach, guarded } from './guard.ts';
import type { Log } from './log.ts';

/** What `serveJobs` sends: `ready` once, then one reply per request. */
type Reply<Output> =
  | { ready: true }
  | { id: number; output: Output }
  | { id: number; failure: { code: string | undefined; message: string } };

export interface FairWorkersOptions extends FairQueueOptions {
  /** A thread that has not finished its job after this time hangs: it is replaced, and the job fails. */
  maxTryMs?: number;
  /** Whether such a job is tried a second time before it fails. */
  retriesHung?: boolean;
  /** Starts one thread, which runs `serveJobs`. Called when a thread is needed; at most `concurrency` run at a time. */
  start: () => Worker;
  /** A thread without a job ends after this time, which frees its memory. Default: never. */
  idleMs?: number;
  /** How long an aborted job may keep running before its thread is terminated. Default: 1,000 ms. */
  graceMs?: number;
  log: Log;
}

/** A job whose thread dies is tried a second time. */
const MAX_TRIES = 2;
const GRACE_MS = 1_000;

/**
 * A pool of worker threads that many tenants share in the order of a `FairQueue`.
 *
 * Each thread runs one job at a time. A thread that dies or hangs is replaced, which affects only its own job.
 */
export class FairWorkers<Input, Output> {
  #options: FairWorkersOptions;
  #queue: FairQueue;
  #threads: JobThread<Input, Output>[];
  #closed = false;

  constructor(options: FairWorkersOptions) {
    this.#options = options;
    this.#queue = new FairQueue(options);
    this.#threads = Array.from({ length: options.concurrency }, () => new JobThread(options));
  }

  /** The number of jobs that run and that wait. */
  get load(): { running: number; waiting: number } {
    return this.#queue.load;
  }

  /** Starts a thread before its first job, and keeps it for `idleMs` from now. Resolves when it is ready. */
  async warm(): Promise<void> {
    await this.#threads[0]!.warm();
  }

  /** Runs a job in a thread. Rejects with the thread's `Failure`, and as `FairQueue.run` does. */
  run(job: Job, input: Input): Promise<Output> {
    return this.#queue.run(job, ({ signal }) => this.#try(input, signal));
  }

  /** Ends all threads and fails running and waiting jobs. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#queue.close();
    await Promise.all(this.#threads.map((thread) => thread.end('it was closed')));
  }

  async #try(input: Input, signal: AbortSignal): Promise<Output> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#tryOnce(input, signal);
      } catch (error) {
        if (!(error instanceof ThreadLost) || signal.aborted) throw error;
        this.#options.log.error({ cause: error.message, tries }, 'a worker thread was lost and is replaced');
        if (error.hung && !this.#options.retriesHung) throw this.#options.failure('it took too long');
        if (tries === MAX_TRIES) throw this.#options.failure(error.message);
      }
    }
  }

  /** Waits for an idle thread: the queue starts the next job before the thread of an aborted one is idle. */
  async #tryOnce(input: Input, signal: AbortSignal): Promise<Output> {
    let thread = this.#idle();
    for (; !thread; thread = this.#idle()) await Promise.race(this.#threads.map((one) => one.idle));
    // There is no await from here to `run`, which makes the thread busy: no other job can take the same thread.
    if (this.#closed) throw this.#options.failure('it was closed');
    signal.throwIfAborted();
    const deadline = this.#deadline(thread);
    try {
      return await thread.run(input, signal);
    } finally {
      deadline?.cancel();
    }
  }

  #idle(): JobThread<Input, Output> | undefined {
    return this.#threads.find((thread) => !thread.busy);
  }

  #deadline(thread: JobThread<Input, Output>): Timer | undefined {
    const { clock, maxTryMs } = this.#options;
    const end = () => detach('worker', thread.end('the thread hangs', true));
    return maxTryMs === undefined ? undefined : clock.after(maxTryMs, end);
  }
}

class ThreadLost extends Error {
  hung = false;
}

/** One thread and its current job. */
class JobThread<Input, Output> {
  #options: FairWorkersOptions;
  #worker: Worker | undefined;
  #ready: PromiseWithResolvers<void> | undefined;
  #job: PromiseWithResolvers<Output> | undefined;
  #lastId = 0;
  #idle: PromiseWithResolvers<void> | undefined;
  #idleTimer: Timer | undefined;

  constructor(options: FairWorkersOptions) {
    this.#options = options;
  }

  get busy(): boolean {
    return this.#idle !== undefined;
  }

  /** Resolves when the thread has no job. */
  get idle(): Promise<void> {
    return this.#idle?.promise ?? Promise.resolve();
  }

  warm(): Promise<void> {
    if (!this.#worker) this.#start();
    else if (!this.busy) this.#endWhenIdle();
    return this.#ready!.promise;
  }

  async run(input: Input, signal: AbortSignal): Promise<Output> {
    const job = Promise.withResolvers<Output>();
    this.#job = job;
    this.#idle = Promise.withResolvers();
    this.#idleTimer?.cancel();
    let grace: Timer | undefined;
    const endAfterGrace = () => {
      const end = () => this.#job === job && detach('worker', this.end('the job was aborted'));
      grace = this.#options.clock.after(this.#options.graceMs ?? GRACE_MS, end);
    };
    signal.addEventListener('abort', endAfterGrace, { once: true });
    try {
      if (!this.#worker) this.#start();
      this.#worker!.postMessage({ id: ++this.#lastId, input });
      return await job.promise;
    } finally {
      signal.removeEventListener('abort', endAfterGrace);
      grace?.cancel();
      this.#job = undefined;
      this.#idle.resolve();
      this.#idle = undefined;
      this.#endWhenIdle();
    }
  }

  /** Terminates the thread, which fails its job. The next job starts a new thread. */
  async end(cause: string, hung = false): Promise<void> {
    const worker = this.#worker;
    this.#lose(cause, hung);
    await worker?.terminate();
  }

  #endWhenIdle(): void {
    const { idleMs, clock } = this.#options;
    if (idleMs === undefined || !this.#worker) return;
    this.#idleTimer?.cancel();
    const end = () => detach('worker', this.end('it was idle'));
    this.#idleTimer = clock.after(idleMs, end);
  }

  #start(): void {
    const worker = this.#options.start();
    const lose = (cause: string) => {
      if (worker === this.#worker) this.#lose(cause);
    };
    const receive = (reply: Reply<Output>) => worker === this.#worker && this.#receive(reply);
    worker.on('message', guarded('worker.message', receive));
    worker.on('messageerror', (error) => lose(explain(error)));
    worker.on('error', (error) => lose(explain(error)));
    worker.on('exit', (code) => lose(`the thread ended with ${code}`));
    this.#worker = worker;
    this.#ready = Promise.withResolvers();
    this.#ready.promise.catch(() => {});
  }

  #receive(reply: Reply<Output>): void {
    if ('ready' in reply) {
      this.#ready?.resolve();
      if (!this.busy) this.#endWhenIdle();
    } else if (reply.id !== this.#lastId) return;
    else if ('output' in reply) this.#job?.resolve(reply.output);
    else {
      const { code, message } = reply.failure;
      this.#job?.reject(code === undefined ? this.#options.failure(message) : new Failure(code, message));
    }
  }

  #lose(cause: string, hung = false): void {
    this.#idleTimer?.cancel();
    this.#worker = undefined;
    const lost = Object.assign(new ThreadLost(cause), { hung });
    this.#ready?.reject(lost);
    this.#job?.reject(lost);
  }
}

/**
 * Runs the jobs of a `FairWorkers` pool in the calling worker thread, one after the other.
 * @param nice 0–19: the lower priority of this thread compared with the threads that carry calls.
 * @param afterwards called after each reply was sent.
 */
export function serveJobs<Input, Output>(
  nice: number,
  work: (input: Input) => Output | Promise<Output>,
  afterwards = () => {},
): void {
  // Only on Linux is the priority that of one thread; elsewhere it would be that of the whole process.
  if (process.platform === 'linux') setPriority(0, nice);
  const port = parentPort!;
  const send = (reply: Reply<Output>) => port.postMessage(reply);
  port.on('message', async ({ id, input }: { id: number; input: Input }) => {
    try {
      send({ id, output: await work(input) });
    } catch (error) {
      const code = error instanceof Failure ? error.code : undefined;
      send({ id, failure: { code, message: explain(error) } });
    }
    afterwards();
  });
  send({ ready: true });
  flushCompileCache();
}
