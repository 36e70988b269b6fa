import { type Clock, detach, explain, type Log, type Timer } from '../core/index.ts';
import { type DeliveryQueue, MAX_BYTES_IN_MEMORY } from './delivery-queue.ts';
import type { EventRecord, OutboxStore } from './store.ts';

export interface StoreBacklogDeps {
  store: Pick<OutboxStore, 'pendingEvents' | 'written'>;
  clock: Clock;
  log: Log;
}

/** From a failed read of the store to the next one, in milliseconds. */
const RETRY_MS = 5_000;

/**
 * The events that are only in the store because memory was full when they were committed. Reads them, the oldest
 * first, when half of the memory is free.
 */
export class StoreBacklog {
  #deps: StoreBacklogDeps;
  #queue: DeliveryQueue;
  #enqueue: (events: EventRecord[]) => number;
  /** An estimate: how many there are is only known when all of them have been read. */
  #size = 0;
  /** While the store is read: the events settled meanwhile, which the result of the read may still contain. */
  #settledDuringRead: Set<string> | undefined;
  /** Runs while a failed read waits to be repeated: memory may be empty, and nothing else would cause a read. */
  #retryTimer: Timer | undefined;
  #isClosed = false;

  /** @param enqueue adds events to the queue and returns how many were not in it. */
  constructor(deps: StoreBacklogDeps, queue: DeliveryQueue, enqueue: (events: EventRecord[]) => number) {
    this.#deps = deps;
    this.#queue = queue;
    this.#enqueue = enqueue;
  }

  /** About how many events there are. */
  get size(): number {
    return this.#size;
  }

  /** Whether new events have to go through the store: memory is full, or older events are still in the store. */
  get isInUse(): boolean {
    return this.#size > 0 || this.#settledDuringRead !== undefined || this.#queue.isFull;
  }

  /** Adds events that were committed, but not added to the queue. */
  add(count: number): void {
    this.#size += count;
  }

  /** Reports that an event needs no delivery from memory any more, and reads more where memory is free. */
  settled(eventId: string): void {
    this.#settledDuringRead?.add(eventId);
    if (this.#size > 0) detach('webhooks.refill', this.refill());
  }

  /** Reads events until memory is half full. Never rejects: a read that fails is repeated after 5 s. */
  async refill(): Promise<void> {
    if (this.#retryTimer) return;
    try {
      while (this.#needsRead) await this.#readOnce();
    } catch (error) {
      if (this.#isClosed) return;
      const { log, clock } = this.#deps;
      log.error({ error: explain(error) }, 'could not read pending events: retrying in 5 s');
      this.#retryTimer = clock.after(RETRY_MS, () => {
        this.#retryTimer = undefined;
        detach('webhooks.refill', this.refill());
      });
    }
  }

  get #needsRead(): boolean {
    return !this.#isClosed && this.#size > 0 && !this.#settledDuringRead && this.#queue.isHalfEmpty;
  }

  close(): void {
    this.#isClosed = true;
    this.#retryTimer?.cancel();
  }

  async #readOnce(): Promise<void> {
    const known = this.#size;
    const settled = new Set<string>();
    this.#settledDuringRead = settled;
    this.#size = 0;
    const { events, more } = await this.#read()
      .catch((error) => {
        this.#size += known;
        throw error;
      })
      .finally(() => {
        this.#settledDuringRead = undefined;
      });
    const unsettled = events.filter(({ id }) => !settled.has(id)).sort((a, b) => (a.id < b.id ? -1 : 1));
    const added = this.#enqueue(unsettled);
    if (more) this.#size += Math.max(1, known - added);
  }

  async #read(): Promise<{ events: EventRecord[]; more: boolean }> {
    const { store } = this.#deps;
    // Until everything is written, the store still has accepted events as pending: they would be sent twice.
    await store.written();
    return store.pendingEvents(this.#queue.maxEvents, MAX_BYTES_IN_MEMORY);
  }
}
