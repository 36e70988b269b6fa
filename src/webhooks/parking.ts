import { type Clock, detach, explain, type Log, type Timer } from '../core/index.ts';
import { LONGEST_DELAY_MS } from './schedule.ts';
import type { EventRecord, OutboxStore } from './store.ts';

export interface ParkingPorts {
  store: Pick<OutboxStore, 'parkedEvents' | 'nextDueAt' | 'dueEvents' | 'written'>;
  clock: Clock;
  log: Log;
}

/** Between two looks into the store. */
const PAUSE_MS = 1000;
/** Where the store does not answer. */
const LATER_MS = 60_000;
/** So many are woken at once. */
const MOST = 500;

/**
 * Events whose receiver has been away for long: however many there are, they take no memory here, and come back
 * from the store when their next try is due.
 */
export class Parking {
  #ports: ParkingPorts;
  #wake: (events: EventRecord[]) => number;
  #count = 0;
  #oldestAt: number | null = null;
  #timer: Timer | undefined;
  #timerAt = Infinity;
  #closed = false;

  /** @param wake takes events up again. @returns how many of them it did not have yet. */
  constructor(ports: ParkingPorts, wake: (events: EventRecord[]) => number) {
    this.#ports = ports;
    this.#wake = wake;
  }

  get count(): number {
    return this.#count;
  }

  /** When the oldest happened, or one that has left since; null while there are none. */
  get oldestAt(): number | null {
    return this.#count > 0 ? this.#oldestAt : null;
  }

  /** Counts what the store has, and wakes what is due. Never rejects: a store that does not answer is asked later. */
  async start(): Promise<void> {
    try {
      await this.#ports.store.written();
      const { count, oldestAt } = await this.#ports.store.parkedEvents();
      this.#count = count;
      this.#oldestAt = oldestAt;
      if (count > 0) await this.#look();
    } catch (error) {
      if (this.#closed) return;
      this.#ports.log.error({ error: explain(error) }, 'could not count parked events: trying again in 60 s');
      this.#timer?.cancel();
      this.#timerAt = -Infinity;
      this.#timer = this.#ports.clock.after(LATER_MS, () => {
        this.#timerAt = Infinity;
        detach('webhooks.parking', this.start());
      });
    }
  }

  /** Takes an event whose next try the store knows. */
  park({ createdAt, nextAttemptAt }: EventRecord): void {
    this.#oldestAt = this.#count === 0 ? createdAt : Math.min(createdAt, this.#oldestAt ?? createdAt);
    this.#count++;
    this.#lookAt(nextAttemptAt ?? 0);
  }

  /** One is tried before it is due. */
  leave(): void {
    this.#count--;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #lookAt(at: number): void {
    if (this.#closed || at >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    // What the store says may be wrong, and a timer takes no more than 24 days.
    const ms = Math.min(Math.max(PAUSE_MS, at - this.#ports.clock.now()), LONGEST_DELAY_MS);
    this.#timer = this.#ports.clock.after(ms, () => detach('webhooks.parking', this.#look()));
  }

  async #look(): Promise<void> {
    const { store, clock, log } = this.#ports;
    this.#timerAt = Infinity;
    try {
      // Until then the store does not know which of them were tried, or accepted, since.
      await store.written();
      if (this.#closed) return;
      const now = clock.now();
      const due = await store.dueEvents(now, MOST);
      if (this.#closed) return;
      const woken = this.#wake(due);
      this.#count -= woken;
      const next = due.length > 0 ? now : await store.nextDueAt(now);
      if (next !== null) this.#lookAt(next);
    } catch (error) {
      if (this.#closed) return;
      log.error({ error: explain(error) }, 'events that are due could not be read');
      this.#lookAt(clock.now() + LATER_MS);
    }
  }
}
