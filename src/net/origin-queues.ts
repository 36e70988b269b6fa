import { type Clock, Failure, FairQueue } from '../core/index.ts';

/** Connections that every tenant may use, even if half of all are fewer: it can then send requests in parallel. */
const MIN_SHARE = 4;

/** Fair queues for the connections to each origin (scheme, host and port). A tenant uses at most half. */
export class OriginQueues {
  #clock: Clock;
  #connections: number;
  #queues = new Map<string, { queue: FairQueue; users: number }>();

  constructor(clock: Clock, connections: number) {
    this.#clock = clock;
    this.#connections = connections;
  }

  /**
   * Runs a request when a connection is free for it.
   * @param exchange its `settled` signal is only read if the request has to wait.
   */
  async run(
    origin: string,
    tenant = '',
    exchange: { readonly settled: AbortSignal },
    run: () => Promise<unknown>,
  ): Promise<void> {
    let entry = this.#queues.get(origin);
    if (!entry) this.#queues.set(origin, (entry = { queue: this.#open(origin), users: 0 }));
    const signal = entry.queue.isFree(tenant) ? undefined : exchange.settled;
    entry.users++;
    try {
      await entry.queue.run({ tenant, signal }, run);
    } finally {
      if (--entry.users === 0) this.#queues.delete(origin);
    }
  }

  #open(origin: string): FairQueue {
    return new FairQueue({
      clock: this.#clock,
      concurrency: this.#connections,
      concurrencyPerTenant: Math.min(
        this.#connections,
        Math.max(MIN_SHARE, Math.floor(this.#connections / 2)),
      ),
      failure: (reason) => new Failure('connect_failed', `no connection to ${origin} is free: ${reason}`),
    });
  }
}
