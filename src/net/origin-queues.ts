import { type Clock, Failure, FairQueue } from '../core/index.ts';

/** Connections that every tenant may take, also where half of them are fewer: one request must not wait for another. */
const LEAST_SHARE = 4;

/** Turns for the connections to each scheme, host and port: a tenant takes half of them, or 4 where there are fewer. */
export class OriginQueues {
  #clock: Clock;
  #connections: number;
  #queues = new Map<string, { queue: FairQueue; users: number }>();

  constructor(clock: Clock, connections: number) {
    this.#clock = clock;
    this.#connections = connections;
  }

  /**
   * Runs a request when there is a connection for it.
   * @param over is aborted when nobody waits for the request any more.
   */
  async run(
    origin: string,
    tenant: string | undefined,
    over: AbortSignal,
    run: () => Promise<unknown>,
  ): Promise<void> {
    const entry = this.#queues.get(origin) ?? { queue: this.#open(origin), users: 0 };
    this.#queues.set(origin, entry);
    entry.users++;
    try {
      await entry.queue.run({ tenant: tenant ?? '', signal: over }, run);
    } finally {
      if (--entry.users === 0) this.#queues.delete(origin);
    }
  }

  #open(origin: string): FairQueue {
    return new FairQueue({
      clock: this.#clock,
      atOnce: this.#connections,
      atOncePerTenant: Math.min(this.#connections, Math.max(LEAST_SHARE, Math.floor(this.#connections / 2))),
      failure: (why) => new Failure('connect_failed', `no connection to ${origin} is free: ${why}`),
    });
  }
}
