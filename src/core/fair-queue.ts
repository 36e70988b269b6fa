import type { Clock, Timer } from './clock.ts';
import { guarded } from './guard.ts';

/** The limits of a `FairQueue`. */
export interface FairQueueLimits {
  /** The number of jobs that run at the same time. */
  concurrency: number;
  /** The same for the jobs of one tenant. Default: `concurrency`. */
  concurrencyPerTenant?: number;
  /** The number of waiting callers of one tenant. Default: 1,000. */
  maxWaitingPerTenant?: number;
  /** Bytes that the waiting and running jobs of one tenant hold. Default: unlimited. */
  maxBytesPerTenant?: number;
  /** Bytes that all waiting and running jobs hold. Default: unlimited. */
  maxBytes?: number;
  /** The longest wait in milliseconds. Default: unlimited. */
  maxWaitMs?: number;
  /** The longest run in milliseconds. A job that runs longer is aborted and fails. Default: unlimited. */
  maxRunMs?: number;
}

/** One job of one tenant. */
export interface Job {
  /** The customer. Tenants share the running time equally, however many jobs each of them has. */
  tenant: string;
  /** A part of the tenant, such as a call. The lanes of a tenant take turns. */
  lane?: string | undefined;
  /** Unfinished jobs with the same key are one job: it runs once, and every caller gets its result. */
  key?: string | undefined;
  /** Bytes that the job holds until it is finished. */
  bytes?: number | undefined;
  /** Aborted by a caller that no longer needs the result. A job without callers is dropped or aborted. */
  signal?: AbortSignal | undefined;
}

/** A job that runs. */
export interface RunningJob {
  /** Aborted when the job has no callers left or has run too long. Created when it is read, since many jobs need none. */
  readonly signal: AbortSignal;
}

export interface FairQueueOptions extends FairQueueLimits {
  clock: Clock;
  /** Creates the error of a job that is refused or dropped. `reason` is a clause without a period. */
  failure: (reason: string) => Error;
}

/**
 * Schedules the jobs of many tenants so that a busy tenant only delays itself.
 *
 * The tenant that has had the least running time is next. A job that fails or runs too long affects no other job.
 */
export class FairQueue {
  #options: FairQueueOptions;
  #tenants = new Map<string, Tenant>();
  #shared = new Map<string, Work>();
  #works = new Set<Work>();
  #running = 0;
  #bytes = 0;
  /** The running time of the tenant that was started last, which new tenants begin with. */
  #baselineMs = 0;
  #closed: Error | undefined;
  #isPicking = false;
  #startNextGuarded = guarded('queue', () => this.#startNext());

  constructor(options: FairQueueOptions) {
    this.#options = options;
  }

  /** The number of jobs that run and that wait. */
  get load(): { running: number; waiting: number } {
    return { running: this.#running, waiting: this.#works.size - this.#running };
  }

  /**
   * Runs a job when it is its turn. Rejects as `run` does, with the signal's reason when that is aborted, and with
   * `failure` when a limit is reached or the queue is closed.
   * @param run receives the signal that stops the job.
   */
  async run<T>(job: Job, run: (running: RunningJob) => Promise<T>): Promise<T> {
    job.signal?.throwIfAborted();
    if (this.#closed) throw this.#closed;
    const tenant = this.#tenant(job.tenant);
    this.#checkWaiting(tenant);
    const work = (job.key !== undefined && this.#shared.get(job.key)) || this.#admit(job, tenant, run);
    const result = this.#join(work, job, tenant);
    this.#startNext();
    return result as Promise<T>;
  }

  /** Whether a job of this tenant would start at once. */
  isFree(name: string): boolean {
    const { concurrency, concurrencyPerTenant = concurrency } = this.#options;
    const tenant = this.#tenants.get(name);
    if (this.#running >= concurrency) return false;
    return !tenant || (tenant.waiting === 0 && tenant.running < concurrencyPerTenant);
  }

  /** Fails waiting jobs, aborts running ones and refuses new ones. */
  close(): void {
    this.#closed ??= this.#options.failure('it was closed');
    for (const work of [...this.#works]) this.#settle(work, (waiter) => waiter.reject(this.#closed));
  }

  #tenant(name: string): Tenant {
    const known = this.#tenants.get(name);
    if (known) return known;
    const tenant = { name, servedMs: this.#baselineMs, running: 0, bytes: 0, waiting: 0, lanes: new Map() };
    this.#tenants.set(name, tenant);
    return tenant;
  }

  #checkWaiting(tenant: Tenant): void {
    const { maxWaitingPerTenant = 1_000 } = this.#options;
    if (tenant.waiting >= maxWaitingPerTenant)
      throw this.#refuse(tenant, 'too many jobs of this customer are waiting');
  }

  #refuse(tenant: Tenant, reason: string): Error {
    this.#forget(tenant);
    return this.#options.failure(reason);
  }

  #admit(job: Job, tenant: Tenant, run: (running: RunningJob) => Promise<unknown>): Work {
    const { bytes = 0, key } = job;
    const { maxBytes = Infinity, maxBytesPerTenant = Infinity } = this.#options;
    if (tenant.bytes + bytes > maxBytesPerTenant)
      throw this.#refuse(tenant, 'too many bytes of this customer are waiting');
    if (this.#bytes + bytes > maxBytes) throw this.#refuse(tenant, 'too many bytes are waiting');
    const work = new Work(key, bytes, tenant, run);
    tenant.bytes += bytes;
    this.#bytes += bytes;
    if (key !== undefined) this.#shared.set(key, work);
    this.#works.add(work);
    return work;
  }

  /** A shared job waits in the lanes of all its callers and runs when the first of them has its turn. */
  #join(work: Work, { signal, lane = '' }: Job, tenant: Tenant): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers();
    const giveUp = (reason: unknown) => {
      this.#leave(waiter);
      reject(reason);
    };
    const abort = () => giveUp(signal?.reason);
    const stopListening = () => signal?.removeEventListener('abort', abort);
    const waiter: Waiter = { work, tenant, lane, signal, resolve, reject, giveUp, stopListening };
    signal?.addEventListener('abort', abort, { once: true });
    work.waiters.add(waiter);
    if (!work.runner) this.#enqueue(waiter);
    return promise;
  }

  #enqueue(waiter: Waiter): void {
    const { tenant, lane, giveUp } = waiter;
    const { clock, maxWaitMs, failure } = this.#options;
    const waiting = tenant.lanes.get(lane) ?? new Set();
    tenant.lanes.set(lane, waiting.add(waiter));
    tenant.waiting++;
    if (maxWaitMs !== undefined)
      waiter.timer = clock.after(maxWaitMs, () => giveUp(failure('it waited too long')));
  }

  #dequeue(waiter: Waiter): void {
    const { tenant, lane } = waiter;
    waiter.timer?.cancel();
    const waiting = tenant.lanes.get(lane);
    if (!waiting?.delete(waiter)) return;
    tenant.waiting--;
    if (waiting.size === 0) tenant.lanes.delete(lane);
  }

  /** Removes a caller that no longer needs its job. */
  #leave(waiter: Waiter): void {
    const { work } = waiter;
    waiter.stopListening();
    this.#dequeue(waiter);
    work.waiters.delete(waiter);
    if (work.waiters.size === 0) this.#settle(work, () => {});
    else this.#forget(waiter.tenant);
  }

  #startNext(): void {
    // Dropping a job below calls this again.
    if (this.#isPicking) return;
    this.#isPicking = true;
    try {
      for (let tenant = this.#fairest(); tenant; tenant = this.#fairest()) this.#pick(tenant);
    } finally {
      this.#isPicking = false;
    }
  }

  #pick(tenant: Tenant): void {
    const { work, signal, giveUp } = firstOf(tenant);
    // One signal may abort many jobs, running ones first: the waiting ones must not be started in between.
    if (signal?.aborted) giveUp(signal.reason);
    else this.#start(work, tenant);
  }

  /** The waiting tenant with the fewest running jobs; of several, the one with the least running time. */
  #fairest(): Tenant | undefined {
    const { concurrency, concurrencyPerTenant = concurrency } = this.#options;
    if (this.#running >= concurrency) return undefined;
    let best: Tenant | undefined;
    for (const tenant of this.#tenants.values()) {
      if (tenant.waiting === 0 || tenant.running >= concurrencyPerTenant) continue;
      const isBetter =
        !best ||
        tenant.running < best.running ||
        (tenant.running === best.running && tenant.servedMs < best.servedMs);
      if (isBetter) best = tenant;
    }
    return best;
  }

  #start(work: Work, tenant: Tenant): void {
    const { clock, maxRunMs, failure } = this.#options;
    for (const waiter of work.waiters) this.#dequeue(waiter);
    work.runner = tenant;
    work.startedAt = clock.monotonic();
    tenant.running++;
    this.#running++;
    this.#baselineMs = Math.max(this.#baselineMs, tenant.servedMs);
    const fail = (error: unknown) => this.#settle(work, (waiter) => waiter.reject(error));
    if (maxRunMs !== undefined) work.timer = clock.after(maxRunMs, () => fail(failure('it took too long')));
    work.finish().then((result) => this.#settle(work, (waiter) => waiter.resolve(result)), fail);
  }

  /** Ends a job, whatever its outcome, and starts the next one. */
  #settle(work: Work, notify: (waiter: Waiter) => void): void {
    if (!this.#works.delete(work)) return;
    work.timer?.cancel();
    if (work.key !== undefined) this.#shared.delete(work.key);
    const { runner } = work;
    if (runner) {
      runner.running--;
      runner.servedMs += Math.max(MIN_SERVED_MS, this.#options.clock.monotonic() - work.startedAt);
      this.#running--;
    }
    work.owner.bytes -= work.bytes;
    this.#bytes -= work.bytes;
    for (const waiter of work.waiters) {
      waiter.stopListening();
      this.#dequeue(waiter);
      notify(waiter);
      this.#forget(waiter.tenant);
    }
    work.waiters.clear();
    this.#forget(work.owner);
    if (runner) this.#forget(runner);
    if (!work.isFinished) work.stop(this.#options.failure('it has no callers left'));
    this.#startNextGuarded();
  }

  /** Forgets a tenant without jobs, unless it has had more than its share. */
  #forget(tenant: Tenant): void {
    // A waiter of a shared job may outlive its tenant; the name may now belong to a new one.
    if (this.#tenants.get(tenant.name) !== tenant) return;
    const isIdle = tenant.waiting === 0 && tenant.running === 0 && tenant.bytes === 0;
    if (isIdle && (tenant.servedMs <= this.#baselineMs || this.#tenants.size > MAX_TENANTS))
      this.#tenants.delete(tenant.name);
  }
}

/** The least time that a job counts for, so that tenants take turns with jobs that take no time. */
const MIN_SERVED_MS = 1;
/** With more tenants than this, idle ones are forgotten. */
const MAX_TENANTS = 1_000;

interface Tenant {
  name: string;
  /** The running time that it has had, plus that of the others before it came, in milliseconds. */
  servedMs: number;
  running: number;
  waiting: number;
  bytes: number;
  lanes: Map<string, Set<Waiter>>;
}

/** A job that one or more callers share. */
class Work implements RunningJob {
  readonly key: string | undefined;
  readonly bytes: number;
  /** The tenant that asked first, to which the bytes count. */
  readonly owner: Tenant;
  readonly waiters = new Set<Waiter>();
  /** The tenant in whose turn it runs; undefined while it waits. */
  runner: Tenant | undefined;
  startedAt = 0;
  /** Limits its run. */
  timer: Timer | undefined;
  /** Its function has returned. */
  isFinished = false;
  #run: (running: RunningJob) => Promise<unknown>;
  #abort: AbortController | undefined;
  #stopped: { reason: unknown } | undefined;

  constructor(
    key: string | undefined,
    bytes: number,
    owner: Tenant,
    run: (running: RunningJob) => Promise<unknown>,
  ) {
    this.key = key;
    this.bytes = bytes;
    this.owner = owner;
    this.#run = run;
  }

  get signal(): AbortSignal {
    if (this.#stopped && !this.#abort) return AbortSignal.abort(this.#stopped.reason);
    this.#abort ??= new AbortController();
    return this.#abort.signal;
  }

  /** Runs it to its end. */
  async finish(): Promise<unknown> {
    try {
      return await this.#run(this);
    } finally {
      this.isFinished = true;
    }
  }

  /** Aborts its signal. */
  stop(reason: unknown): void {
    this.#stopped = { reason };
    this.#abort?.abort(reason);
  }
}

/** A caller that waits for the result of a job. */
interface Waiter {
  work: Work;
  tenant: Tenant;
  lane: string;
  signal: AbortSignal | undefined;
  resolve: (result: unknown) => void;
  reject: (reason: unknown) => void;
  /** Leaves the queue and rejects. */
  giveUp: (reason: unknown) => void;
  stopListening: () => void;
  /** Limits its wait. */
  timer?: Timer;
}

/** Returns the first waiter of the tenant's next lane, and moves that lane to the end. */
function firstOf({ lanes }: Tenant): Waiter {
  const [lane, waiting] = lanes.entries().next().value!;
  lanes.delete(lane);
  lanes.set(lane, waiting);
  return waiting.values().next().value!;
}
