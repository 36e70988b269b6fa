import { detach, Failure, sleep } from '../core/index.ts';
import { ConcurrencyLimiter } from './concurrency-limiter.ts';
import { type Delivery, DeliveryQueue } from './delivery-queue.ts';
import { Parking } from './parking.ts';
import type { DeliveriesDeps, DeliveryCounts } from './ports.ts';
import { MAX_DELAY_MS } from './retry-schedule.ts';
import { maskSealedDigits, SealedDigits } from './sealed-digits.ts';
import { DeliverySender } from './sender.ts';
import { type EventRecord, PARK_AFTER_ATTEMPTS } from './store.ts';
import { StoreBacklog } from './store-backlog.ts';

/** Attempts in flight per application. A receiver that takes 100 ms for each gets a thousand events a second. */
const MAX_IN_FLIGHT = 100;

/** Milliseconds that attempts in flight have left when `hasten` is aborted. */
const HASTENED_MS = 1_000;

const MAX_EVENTS_IN_MEMORY = 20_000;

/**
 * Delivers committed events to the applications' webhooks until each is accepted or dead. The events of one call are
 * delivered in order, those of different calls independently. The store has the outcome of every attempt, so a crash
 * repeats at most the attempts in flight.
 */
export class Deliveries {
  #deps: DeliveriesDeps;
  #limiter = new ConcurrencyLimiter('webhooks.delivery', MAX_IN_FLIGHT);
  #queue: DeliveryQueue;
  #backlog: StoreBacklog;
  #parking: Parking;
  #sealed: SealedDigits;
  #sender: DeliverySender;
  #abort = new AbortController();

  constructor(deps: DeliveriesDeps) {
    this.#deps = deps;
    this.#queue = new DeliveryQueue(deps.maxEventsInMemory ?? MAX_EVENTS_IN_MEMORY);
    this.#backlog = new StoreBacklog(deps, this.#queue, (events) => this.#add(events));
    this.#parking = new Parking(deps, (events) => this.#add(events.slice(0, this.#queue.freeSlots)));
    this.#sealed = new SealedDigits(deps);
    this.#sender = new DeliverySender(deps, this.#sealed);
  }

  get counts(): DeliveryCounts {
    const oldest = Math.min(this.#queue.oldestSince ?? Infinity, this.#parking.oldestAt ?? Infinity);
    return {
      pending: this.#queue.size + this.#backlog.size + this.#parking.count,
      oldestMs: oldest < Infinity ? Math.max(0, this.#deps.clock.now() - oldest) : 0,
      ...this.#sender.counts,
    };
  }

  /** Events in memory; the others are only in the store. */
  get inMemory(): number {
    return this.#queue.size;
  }

  /**
   * Continues what an earlier process left pending. Await it before events are committed. Never rejects: a store that
   * cannot be read is read again later.
   */
  async start(): Promise<void> {
    this.#backlog.add(1);
    await this.#sealed.start();
    await this.#backlog.refill();
    await this.#parking.start();
  }

  /** Takes committed events and ignores those that are not `pending`. @returns how many were added to memory. */
  enqueue(events: EventRecord[]): number {
    if (!this.#backlog.isInUse) return this.#add(events);
    this.#backlog.add(events.filter(({ state }) => state === 'pending').length);
    return 0;
  }

  /**
   * Sends an event once more, now, in whatever state it is. If that fails, the rest of its schedule applies. It waits for
   * no other event, and none waits for it.
   *
   * @throws Failure `event_not_found`, `no_webhook_url`.
   */
  async redeliver(eventId: string): Promise<void> {
    const { store, clock } = this.#deps;
    const event = this.#queue.get(eventId)?.event ?? (await this.#sealed.event(eventId));
    if (!event) throw new Failure('event_not_found', 'event not found');
    if (!this.#deps.target(event.applicationId)) {
      throw new Failure('no_webhook_url', 'the application has no webhook_url');
    }
    if (!this.#queue.get(eventId)) {
      const isParked = event.state === 'pending' && event.attempts >= PARK_AFTER_ATTEMPTS;
      const progress = { attempts: event.attempts, state: 'pending' as const, nextAttemptAt: clock.now() };
      await store.saveEventState({ id: eventId, ...progress });
      // It may have been added while it was saved.
      if (!this.#queue.get(eventId)) {
        if (isParked) this.#parking.leave();
        const since = clock.now();
        this.#queue.add({ event: { ...event, ...progress }, since, stage: 'waiting', isRedelivery: true });
      }
    }
    const delivery = this.#queue.get(eventId)!;
    if (delivery.stage !== 'sending') this.#send(delivery);
  }

  /**
   * Waits for the attempts that are due, then closes.
   * @param timeoutMs the longest wait. @param hasten when aborted, the wait ends a second later.
   */
  async drain(timeoutMs: number, hasten?: AbortSignal): Promise<void> {
    const idle = new AbortController();
    const signal = hasten ? AbortSignal.any([hasten, idle.signal]) : idle.signal;
    const timeout = sleep(this.#deps.clock, timeoutMs, signal).catch(() => {});
    detach(
      'webhooks.drain',
      this.#limiter.idle().then(() => idle.abort()),
    );
    await timeout;
    // The receiver may have got an attempt that is aborted now, and would get the event twice.
    if (hasten?.aborted) await sleep(this.#deps.clock, HASTENED_MS, idle.signal).catch(() => {});
    await this.close();
  }

  /** Aborts the attempts in flight and sends nothing more. Pending events stay pending in the store. */
  async close(): Promise<void> {
    this.#abort.abort(new Error('closed'));
    this.#parking.close();
    this.#backlog.close();
    this.#sealed.close();
    this.#queue.clear();
    this.#limiter.clear();
    await this.#limiter.idle();
  }

  /** Adds pending events and sends those whose turn it is. @returns how many were not in memory. */
  #add(events: EventRecord[]): number {
    if (this.#abort.signal.aborted) return 0;
    const before = this.#queue.size;
    const calls = new Set<string>();
    for (const event of events) {
      if (event.state !== 'pending' || this.#queue.get(event.id)) continue;
      maskSealedDigits(event, this.#deps);
      this.#queue.add({ event, since: event.createdAt, stage: 'waiting', isRedelivery: false });
      calls.add(event.callId);
    }
    const added = this.#queue.size - before;
    for (const callId of calls) this.#advance(callId);
    return added;
  }

  /** Schedules the events of a call that wait for no earlier one. */
  #advance(callId: string): void {
    for (const delivery of this.#queue.ofCall(callId)) {
      if (delivery.stage === 'waiting') this.#schedule(delivery);
      if (delivery.event.attempts < PARK_AFTER_ATTEMPTS && !delivery.isRedelivery) return;
    }
  }

  #schedule(delivery: Delivery): void {
    const { attempts, nextAttemptAt } = delivery.event;
    // The first attempt is always due, even if the wall clock was set back to before the event.
    const wait = attempts === 0 ? 0 : (nextAttemptAt ?? 0) - this.#deps.clock.now();
    delivery.stage = 'scheduled';
    if (wait <= 0) this.#send(delivery);
    else {
      const ms = Math.min(wait, MAX_DELAY_MS);
      delivery.timer = this.#deps.clock.after(ms, () => this.#send(delivery));
    }
  }

  #send(delivery: Delivery): void {
    delivery.timer?.cancel();
    delivery.stage = 'sending';
    const { signal } = this.#abort;
    this.#limiter.run(delivery.event.applicationId, async () => {
      await this.#sender.send(delivery, signal);
      if (!signal.aborted) this.#finish(delivery);
    });
  }

  /** After an attempt: removes the event where memory does not need it, and goes on with its call. */
  #finish(delivery: Delivery): void {
    const { id, callId, state, attempts } = delivery.event;
    delivery.stage = 'waiting';
    const isParked = state === 'pending' && attempts >= PARK_AFTER_ATTEMPTS && delivery.isRecorded;
    if (isParked || state !== 'pending') {
      this.#queue.remove(delivery);
      this.#backlog.settled(id);
    }
    if (isParked) this.#parking.park(delivery.event);
    this.#advance(callId);
  }
}
