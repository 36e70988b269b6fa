import { type Clock, detach, explain, type Log, type Timer } from '../core/index.ts';
import { MAX_DELAY_MS } from './retry-schedule.ts';
import type { EventRecord, OutboxStore } from './store.ts';

export interface ParkingDeps {
  store: Pick<OutboxStore, 'parkedEvents' | 'nextDueAt' | 'dueEvents' | 'written'>;
  clock: Clock;
  log: Log;
}

/** The shortest time between two reads of the store. */
const MIN_INTERVAL_MS = 1000;
/** From a failed read to the next one. */
const RETRY_MS = 60_000;
/** Events per read. */
const BATCH_SIZE = 500;

/**
 * The parked events: those that failed several times. They wait in the store and are read back when their next attempt
 * is due, so they take no memory.
 */
export class Parking {
  #deps: ParkingDeps;
  #resume: (events: EventRecord[]) => number;
  #count = 0;
  #oldestAt: number | null = null;
  #timer: Timer | undefined;
  #timerAt = Infinity;
  #isClosed = false;

  /** @param resume delivers events again and returns how many of them were not in memory. */
  constructor(deps: ParkingDeps, resume: (events: EventRecord[]) => number) {
    this.#deps = deps;
    this.#resume = resume;
  }

  get count(): number {
    return this.#count;
  }

  /** When the oldest event happened, which may have been resumed since; null while none is parked. */
  get oldestAt(): number | null {
    return this.#count > 0 ? this.#oldestAt : null;
  }

  /** Counts the parked events and resumes those that are due. Never rejects: a read that fails is repeated after 60 s. */
  async start(): Promise<void> {
    try {
      await this.#deps.store.written();
      const { count, oldestAt } = await this.#deps.store.parkedEvents();
      this.#count = count;
      this.#oldestAt = oldestAt;
      if (count > 0) await this.#resumeDue();
    } catch (error) {
      if (this.#isClosed) return;
      this.#deps.log.error({ error: explain(error) }, 'could not count parked events: retrying in 60 s');
      this.#timer?.cancel();
      this.#timerAt = -Infinity;
      this.#timer = this.#deps.clock.after(RETRY_MS, () => {
        this.#timerAt = Infinity;
        detach('webhooks.parking', this.start());
      });
    }
  }

  /** Takes an event whose next attempt is recorded in the store. */
  park({ createdAt, nextAttemptAt }: EventRecord): void {
    this.#oldestAt = this.#count === 0 ? createdAt : Math.min(createdAt, this.#oldestAt ?? createdAt);
    this.#count++;
    this.#readAt(nextAttemptAt ?? 0);
  }

  /** Reports that a parked event is sent before it is due. */
  leave(): void {
    this.#count--;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #readAt(at: number): void {
    if (this.#isClosed || at >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    // The stored time may be wrong, and a timer runs for at most 24 days.
    const ms = Math.min(Math.max(MIN_INTERVAL_MS, at - this.#deps.clock.now()), MAX_DELAY_MS);
    this.#timer = this.#deps.clock.after(ms, () => detach('webhooks.parking', this.#resumeDue()));
  }

  async #resumeDue(): Promise<void> {
    const { store, clock, log } = this.#deps;
    this.#timerAt = Infinity;
    try {
      // Until everything is written, the store does not have the latest attempts and outcomes.
      await store.written();
      if (this.#isClosed) return;
      const now = clock.now();
      const due = await store.dueEvents(now, BATCH_SIZE);
      if (this.#isClosed) return;
      const resumed = this.#resume(due);
      this.#count -= resumed;
      const next = due.length > 0 ? now : await store.nextDueAt(now);
      if (next !== null) this.#readAt(next);
    } catch (error) {
      if (this.#isClosed) return;
      log.error({ error: explain(error) }, 'could not read parked events that are due: retrying in 60 s');
      this.#readAt(clock.now() + RETRY_MS);
    }
  }
}
