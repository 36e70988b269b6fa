import type { Clock, Timer } from './clock.ts';
import { guarded } from './guard.ts';

/** What a queue allows. */
export interface FairQueueLimits {
  /** Jobs that run at the same time. */
  atOnce: number;
  /** Jobs of one tenant that run at the same time; default: `atOnce`. */
  atOncePerTenant?: number;
  /** Callers of one tenant that wait; default 1,000. */
  maxWaitingPerTenant?: number;
  /** Bytes that jobs hold while they wait and run, of one tenant and of all; default: unlimited. */
  maxBytesPerTenant?: number;
  maxBytes?: number;
  /** The longest wait for a turn, in milliseconds; default: unlimited. */
  maxWaitMs?: number;
  /** The longest run, in milliseconds. A job that runs longer is aborted, fails, and gives its place back. */
  maxRunMs?: number;
}

/** One piece of work for one tenant. */
export interface Job {
  /** The customer whose work it is. Tenants share the running time equally, however much each of them asks for. */
  tenant: string;
  /** Part of the tenant, like a call. The lanes of a tenant take turns. */
  lane?: string | undefined;
  /** Jobs with the same key that are not done yet are one job: it runs once, and all who asked get its result. */
  key?: string | undefined;
  /** What the job holds in memory until it is done. */
  bytes?: number | undefined;
  /** Aborted when the result is not wanted any more. A job that nobody wants is dropped, or aborted while it runs. */
  signal?: AbortSignal | undefined;
}

export interface FairQueueOptions extends FairQueueLimits {
  clock: Clock;
  /** Makes the error for a job that is refused or given up. `why` is a clause without a period. */
  failure: (why: string) => Error;
}

/**
 * Work of many tenants on few workers. The tenant that has had the least running time is next, so that one that asks
 * for a lot waits for itself and for nobody else. A job that fails, or runs for too long, fails alone.
 */
export class FairQueue {
  #options: FairQueueOptions;
  #tenants = new Map<string, Tenant>();
  #shared = new Map<string, Work>();
  #works = new Set<Work>();
  #running = 0;
  #bytes = 0;
  /** The running time of the tenant that was served last: a new tenant begins there. */
  #floor = 0;
  #closed: Error | undefined;
  #isPicking = false;

  constructor(options: FairQueueOptions) {
    this.#options = options;
  }

  /** Jobs that run, and jobs that wait for their turn. */
  get load(): { running: number; waiting: number } {
    return { running: this.#running, waiting: this.#works.size - this.#running };
  }

  /**
   * Runs a job when it is its turn. Rejects as `run` does; with the signal's reason when that is aborted; with
   * `failure` when a limit is reached or the queue is closed.
   * @param run is given a signal that is aborted when nobody waits for the job any more, or it has taken too long.
   */
  async run<T>(job: Job, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    job.signal?.throwIfAborted();
    if (this.#closed) throw this.#closed;
    const tenant = this.#tenant(job.tenant);
    this.#checkWaiting(tenant);
    const work = (job.key !== undefined && this.#shared.get(job.key)) || this.#admit(job, tenant, run);
    const result = this.#join(work, job, tenant);
    this.#next();
    return result as Promise<T>;
  }

  /** Fails what waits, aborts what runs, and refuses everything from now on. */
  close(): void {
    this.#closed ??= this.#options.failure('it was closed');
    for (const work of [...this.#works]) this.#settle(work, (waiter) => waiter.reject(this.#closed));
  }

  #tenant(name: string): Tenant {
    const known = this.#tenants.get(name);
    if (known) return known;
    const tenant = { name, served: this.#floor, running: 0, bytes: 0, waiting: 0, lanes: new Map() };
    this.#tenants.set(name, tenant);
    return tenant;
  }

  #checkWaiting(tenant: Tenant): void {
    const { maxWaitingPerTenant = 1_000 } = this.#options;
    if (tenant.waiting >= maxWaitingPerTenant)
      throw this.#refusal(tenant, 'too much of this customer is waiting already');
  }

  /** Keeps nothing of a tenant that is new and gets nothing. */
  #refusal(tenant: Tenant, why: string): Error {
    this.#forget(tenant);
    return this.#options.failure(why);
  }

  #admit(job: Job, tenant: Tenant, run: Work['run']): Work {
    const { bytes = 0, key } = job;
    const { maxBytes = Infinity, maxBytesPerTenant = Infinity } = this.#options;
    if (tenant.bytes + bytes > maxBytesPerTenant)
      throw this.#refusal(tenant, 'too many bytes of this customer are waiting');
    if (this.#bytes + bytes > maxBytes) throw this.#refusal(tenant, 'too many bytes are waiting');
    const work: Work = { key, bytes, owner: tenant, run, waiters: new Set(), abort: new AbortController() };
    tenant.bytes += bytes;
    this.#bytes += bytes;
    if (key !== undefined) this.#shared.set(key, work);
    this.#works.add(work);
    return work;
  }

  /** A job that is shared waits in the lanes of all who asked for it, and runs when the first of them has its turn. */
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
      waiter.patience = clock.after(maxWaitMs, () => giveUp(failure('its turn did not come in time')));
  }

  #dequeue(waiter: Waiter): void {
    const { tenant, lane } = waiter;
    waiter.patience?.cancel();
    const waiting = tenant.lanes.get(lane);
    if (!waiting?.delete(waiter)) return;
    tenant.waiting--;
    if (waiting.size === 0) tenant.lanes.delete(lane);
  }

  /** Removes a waiter that does not want its job any more. */
  #leave(waiter: Waiter): void {
    const { work } = waiter;
    waiter.stopListening();
    this.#dequeue(waiter);
    work.waiters.delete(waiter);
    if (work.waiters.size === 0) this.#settle(work, () => {});
    else this.#forget(waiter.tenant);
  }

  #next(): void {
    // A job that is given up in here asks for the next one too.
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
    // One signal may abort many jobs, and begins with those that run: the others are not to be started meanwhile.
    if (signal?.aborted) giveUp(signal.reason);
    else this.#start(work, tenant);
  }

  /** The waiting tenant with the fewest running jobs; among these, the one that has had the least running time. */
  #fairest(): Tenant | undefined {
    const { atOnce, atOncePerTenant = atOnce } = this.#options;
    if (this.#running >= atOnce) return undefined;
    let best: Tenant | undefined;
    for (const tenant of this.#tenants.values()) {
      if (tenant.waiting === 0 || tenant.running >= atOncePerTenant) continue;
      const isBetter =
        !best ||
        tenant.running < best.running ||
        (tenant.running === best.running && tenant.served < best.served);
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
    this.#floor = Math.max(this.#floor, tenant.served);
    const fail = (error: unknown) => this.#settle(work, (waiter) => waiter.reject(error));
    if (maxRunMs !== undefined)
      work.patience = clock.after(maxRunMs, () => fail(failure('it took too long')));
    const run = async () => {
      const result = await work.run(work.abort.signal);
      this.#settle(work, (waiter) => waiter.resolve(result));
    };
    run().catch(fail);
  }

  /** The job is over, whatever became of it: gives its place to the next one. */
  #settle(work: Work, tell: (waiter: Waiter) => void): void {
    if (!this.#works.delete(work)) return;
    work.patience?.cancel();
    if (work.key !== undefined) this.#shared.delete(work.key);
    const { runner } = work;
    if (runner) {
      runner.running--;
      runner.served += Math.max(LEAST_MS, this.#options.clock.monotonic() - work.startedAt!);
      this.#running--;
    }
    work.owner.bytes -= work.bytes;
    this.#bytes -= work.bytes;
    for (const waiter of work.waiters) {
      waiter.stopListening();
      this.#dequeue(waiter);
      tell(waiter);
      this.#forget(waiter.tenant);
    }
    work.waiters.clear();
    this.#forget(work.owner);
    if (runner) this.#forget(runner);
    // What still runs is not wanted any more; for a job that has ended this does nothing.
    work.abort.abort(this.#options.failure('nobody waits for it any more'));
    guarded('queue', () => this.#next())();
  }

  /** Forgets a tenant that has nothing here, unless it has had more than its share. */
  #forget(tenant: Tenant): void {
    // Somebody who waited for a shared job may outlast their tenant, and find a new one of that name.
    if (this.#tenants.get(tenant.name) !== tenant) return;
    const isIdle = tenant.waiting === 0 && tenant.running === 0 && tenant.bytes === 0;
    if (isIdle && (tenant.served <= this.#floor || this.#tenants.size > MOST_TENANTS))
      this.#tenants.delete(tenant.name);
  }
}

/** What a job counts at least, so that tenants take turns with jobs that take no time at all. */
const LEAST_MS = 1;
/** More tenants than this are not remembered while they have nothing to do. */
const MOST_TENANTS = 1_000;

interface Tenant {
  name: string;
  /** Milliseconds of running time that it has had, or would have had if it had been here from the beginning. */
  served: number;
  running: number;
  waiting: number;
  bytes: number;
  lanes: Map<string, Set<Waiter>>;
}

interface Work {
  key: string | undefined;
  bytes: number;
  /** The tenant that asked first. The bytes count for it. */
  owner: Tenant;
  run: (signal: AbortSignal) => Promise<unknown>;
  waiters: Set<Waiter>;
  abort: AbortController;
  /** Whose turn it is in; undefined while it waits. */
  runner?: Tenant;
  startedAt?: number;
  patience?: Timer;
}

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
  patience?: Timer;
}

/** The first of the tenant's next lane, which then goes to the end. */
function firstOf({ lanes }: Tenant): Waiter {
  const [lane, waiting] = lanes.entries().next().value!;
  lanes.delete(lane);
  lanes.set(lane, waiting);
  return waiting.values().next().value!;
}
