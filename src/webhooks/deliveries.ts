import { detach, explain, Failure, sleep, type Timer } from '../core/index.ts';
import { attemptDelivery, noteSensitive } from './attempt.ts';
import { Lanes } from './lanes.ts';
import { Parking } from './parking.ts';
import type { DeliveriesPorts, DeliveryCounts } from './ports.ts';
import { LONGEST_DELAY_MS, retryDelay } from './schedule.ts';
import { SealedDigits } from './sealed-digits.ts';
import { bytesOf, MOST_BYTES } from './size.ts';
import { type AttemptRecord, type EventRecord, PATIENCE } from './store.ts';

/** An event on its way. `waiting`: for an earlier one of its call; `sleeping`: for its next try. */
interface Delivery {
  event: EventRecord;
  since: number;
  stage: 'waiting' | 'sleeping' | 'trying';
  timer?: Timer;
  /** Sent again on request: it keeps nobody waiting. */
  again: boolean;
  /** The store knows what became of the last try. */
  recorded?: boolean;
  /** What it takes of the memory. */
  bytes?: number;
}

const AGAIN = { stage: 'waiting', again: true } as const;

/** Tries at a time for one application. One that takes 100 ms for each is told of a thousand events a second. */
const WIDTH = 100;

/** What tries have left that are under way when the end is hastened. */
const HASTY_MS = 1_000;

/** From a failed reading of the store to the next one, in milliseconds. */
const REFILL_RETRY_MS = 5_000;

/**
 * Brings committed events to the applications' webhooks: those of one call in order, those of different calls
 * independently, each until it is accepted or dead. It keeps its place in the store after every try, so a crash
 * repeats at most the tries in flight.
 */
export class Deliveries {
  #ports: DeliveriesPorts;
  #lanes = new Lanes('webhooks.delivery', WIDTH);
  #all = new Map<string, Delivery>();
  /** The events of a call that are still to be accepted, in order of sequence. */
  #calls = new Map<string, Delivery[]>();
  #parking: Parking;
  #mostAwake: number;
  #bytes = 0;
  /** Events, as far as is known, that are only in the store though they have hardly been tried. */
  #left = 0;
  /** While the store is read: what was settled meanwhile, and may be in what it answers. */
  #settled: Set<string> | undefined;
  /** Set while the store is to be read again after a failure: memory may be empty, and nothing else would ask. */
  #refillTimer: Timer | undefined;
  #abort = new AbortController();
  #sealed: SealedDigits;
  #delivered = 0;
  #failed = 0;
  #dead = 0;

  constructor(ports: DeliveriesPorts) {
    this.#ports = ports;
    this.#mostAwake = ports.mostAwake ?? 20_000;
    this.#sealed = new SealedDigits(ports);
    this.#parking = new Parking(ports, (events) => this.#wake(events));
  }

  get counts(): DeliveryCounts {
    const [first] = this.#all.values();
    const oldest = Math.min(first?.since ?? Infinity, this.#parking.oldestAt ?? Infinity);
    return {
      pending: this.#all.size + this.#left + this.#parking.count,
      oldestMs: oldest < Infinity ? Math.max(0, this.#ports.clock.now() - oldest) : 0,
      delivered: this.#delivered,
      failed: this.#failed,
      dead: this.#dead,
    };
  }

  /** Events that take memory here: the others wait in the store. */
  get awake(): number {
    return this.#all.size;
  }

  /**
   * Takes up what a former process left. To be awaited before events are committed. Never rejects: a store that
   * cannot be read is read again later.
   */
  async start(): Promise<void> {
    this.#left = 1;
    await this.#sealed.start();
    await this.#refillOrLater();
    await this.#parking.start();
  }

  /** Takes events that are committed; those that are not `pending` are passed over. @returns how many are new. */
  enqueue(events: EventRecord[]): number {
    const left = this.#left > 0 || this.#settled || this.#isFull;
    if (left) this.#left += events.filter(({ state }) => state === 'pending').length;
    return left ? 0 : this.#take(events);
  }

  /** Reads from the store what had to be left there, the oldest calls first. */
  async #refill(): Promise<void> {
    while (this.#left > 0 && !this.#settled && this.#isHalfEmpty) {
      const known = this.#left;
      const settled = new Set<string>();
      this.#settled = settled;
      this.#left = 0;
      const { events, more } = await this.#read()
        .catch((error) => {
          this.#left += known;
          throw error;
        })
        .finally(() => {
          this.#settled = undefined;
        });
      const fresh = events.filter(({ id }) => !settled.has(id)).sort((a, b) => (a.id < b.id ? -1 : 1));
      const taken = this.#take(fresh);
      if (more) this.#left += Math.max(1, known - taken);
    }
  }

  get #isFull(): boolean {
    return this.#all.size >= this.#mostAwake || this.#bytes >= MOST_BYTES;
  }

  get #isHalfEmpty(): boolean {
    return this.#all.size <= this.#mostAwake / 2 && this.#bytes <= MOST_BYTES / 2;
  }

  async #read(): Promise<{ events: EventRecord[]; more: boolean }> {
    const { store } = this.#ports;
    // While the store cannot be written, what was accepted is still pending there: it would be told again.
    await store.written();
    return store.pendingEvents(this.#mostAwake, MOST_BYTES);
  }

  async #refillOrLater(): Promise<void> {
    if (this.#refillTimer) return;
    try {
      await this.#refill();
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      this.#ports.log.error({ error: explain(error) }, 'could not read pending events: trying again in 5 s');
      this.#refillTimer = this.#ports.clock.after(REFILL_RETRY_MS, () => {
        this.#refillTimer = undefined;
        detach('webhooks.refill', this.#refillOrLater());
      });
    }
  }

  /** Takes up events whose next try is due, as far as there is room. */
  #wake(events: EventRecord[]): number {
    const room = this.#isFull ? 0 : this.#mostAwake - this.#all.size;
    return this.#take(events.slice(0, room));
  }

  #take(events: EventRecord[]): number {
    if (this.#abort.signal.aborted) return 0;
    const before = this.#all.size;
    const calls = new Set<string>();
    for (const event of events) {
      if (event.state !== 'pending' || this.#all.has(event.id)) continue;
      noteSensitive(event, this.#ports);
      this.#add({ event, since: event.createdAt, stage: 'waiting', again: false });
      calls.add(event.callId);
    }
    const added = this.#all.size - before;
    for (const callId of calls) this.#advance(callId);
    return added;
  }

  /**
   * Tries an event once more, now, whatever became of it; if that fails, what is left of its schedule holds.
   * It does not wait for other events, nor they for it.
   *
   * @throws Failure `event_not_found`, `no_webhook_url`.
   */
  async redeliver(eventId: string): Promise<void> {
    const { store, clock } = this.#ports;
    const event = this.#all.get(eventId)?.event ?? (await this.#sealed.event(eventId));
    if (!event) throw new Failure('event_not_found', 'event not found');
    if (!this.#ports.target(event.applicationId)) {
      throw new Failure('no_webhook_url', 'the application has no webhook_url');
    }
    if (!this.#all.has(eventId)) {
      const parked = event.state === 'pending' && event.attempts >= PATIENCE;
      const progress = { attempts: event.attempts, state: 'pending' as const, nextAttemptAt: clock.now() };
      await store.saveEventState({ id: eventId, ...progress });
      if (!this.#all.has(eventId)) {
        if (parked) this.#parking.leave();
        this.#add({ ...AGAIN, event: { ...event, ...progress }, since: clock.now() });
      }
    }
    const delivery = this.#all.get(eventId)!;
    if (delivery.stage !== 'trying') this.#try(delivery);
  }

  /** Lets the tries that are due end, for at most `timeoutMs`, or a second after `hasten` is aborted, then closes. */
  async drain(timeoutMs: number, hasten?: AbortSignal): Promise<void> {
    const idle = new AbortController();
    const signal = hasten ? AbortSignal.any([hasten, idle.signal]) : idle.signal;
    const patience = sleep(this.#ports.clock, timeoutMs, signal).catch(() => {});
    detach(
      'webhooks.drain',
      this.#lanes.idle().then(() => idle.abort()),
    );
    await patience;
    // What is broken off now may have arrived, and would be told twice.
    if (hasten?.aborted) await sleep(this.#ports.clock, HASTY_MS, idle.signal).catch(() => {});
    await this.close();
  }

  /** Breaks off the tries in flight and sends nothing more; what is pending stays so in the store. */
  async close(): Promise<void> {
    this.#abort.abort(new Error('closed'));
    this.#parking.close();
    this.#refillTimer?.cancel();
    this.#sealed.close();
    for (const delivery of this.#all.values()) delivery.timer?.cancel();
    this.#all.clear();
    this.#calls.clear();
    this.#lanes.clear();
    await this.#lanes.idle();
  }

  #add(delivery: Delivery): void {
    const { id, callId, sequence } = delivery.event;
    this.#all.set(id, delivery);
    this.#bytes += delivery.bytes ??= bytesOf(delivery.event);
    const line = this.#calls.get(callId);
    if (!line) this.#calls.set(callId, [delivery]);
    else {
      const before = line.findLastIndex(({ event }) => event.sequence < sequence);
      line.splice(before + 1, 0, delivery);
    }
  }

  /** Sets off the events of a call whose turn it is. */
  #advance(callId: string): void {
    for (const delivery of this.#calls.get(callId) ?? []) {
      if (delivery.stage === 'waiting') this.#setOff(delivery);
      if (delivery.event.attempts < PATIENCE && !delivery.again) return;
    }
  }

  #setOff(delivery: Delivery): void {
    const { attempts, nextAttemptAt } = delivery.event;
    // What was never tried is due, even if the wall clock has been set back to before it happened.
    const wait = attempts === 0 ? 0 : (nextAttemptAt ?? 0) - this.#ports.clock.now();
    delivery.stage = 'sleeping';
    if (wait <= 0) this.#try(delivery);
    else {
      const ms = Math.min(wait, LONGEST_DELAY_MS);
      delivery.timer = this.#ports.clock.after(ms, () => this.#try(delivery));
    }
  }

  #try(delivery: Delivery): void {
    delivery.timer?.cancel();
    delivery.stage = 'trying';
    this.#lanes.run(delivery.event.applicationId, () => this.#deliver(delivery));
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const { event } = delivery;
    const { signal } = this.#abort;
    try {
      const target = this.#ports.target(event.applicationId);
      if (!target) await this.#giveUp(delivery);
      else await this.#record(delivery, await attemptDelivery(event, target, this.#ports, signal));
    } catch (error) {
      if (signal.aborted) return;
      // Not to be able to write is no reason to stop telling: at worst the try is repeated after a restart.
      this.#ports.log.error(
        { event_id: event.id, error: explain(error) },
        'a delivery could not be recorded',
      );
      if (delivery.event === event) this.#countFailure(delivery, error);
    }
    if (!signal.aborted) this.#settle(delivery);
  }

  /** A try that did not even come about counts as one that failed: otherwise it would be repeated at once, for ever. */
  #countFailure(delivery: Delivery, error: unknown): void {
    const { event } = delivery;
    const attempt = event.attempts + 1;
    const judged = this.#judge({ eventId: event.id, attempt, status: null, error: explain(error) });
    delivery.event = { ...event, attempts: attempt, ...judged };
    delivery.recorded = false;
  }

  /** Writes what became of a try, in the delivery first. */
  async #record(delivery: Delivery, attempt: AttemptRecord): Promise<void> {
    const judged = this.#judge(attempt);
    const progress = {
      attempts: attempt.attempt,
      ...judged,
      ...this.#sealed.erase(delivery.event, judged.state),
    };
    delivery.event = { ...delivery.event, ...progress };
    delivery.recorded = false;
    await this.#ports.store.saveAttempt(attempt, { id: delivery.event.id, ...progress });
    delivery.recorded = true;
  }

  #judge({
    attempt,
    status,
    error,
    eventId,
  }: Pick<AttemptRecord, 'attempt' | 'status' | 'error' | 'eventId'>): Pick<
    EventRecord,
    'state' | 'nextAttemptAt'
  > {
    const { clock, random, log } = this.#ports;
    if (error === null) {
      this.#delivered++;
      return { state: 'delivered', nextAttemptAt: null };
    }
    this.#failed++;
    // 410 Gone: nobody will ever listen there again.
    const delay = status === 410 ? undefined : retryDelay(attempt, random);
    if (delay !== undefined) return { state: 'pending', nextAttemptAt: clock.now() + delay };
    this.#dead++;
    log.warn({ event_id: eventId, attempt, status, error }, 'an event was given up');
    return { state: 'dead', nextAttemptAt: null };
  }

  /** The application has no webhook any more. */
  async #giveUp(delivery: Delivery): Promise<void> {
    const { attempts } = delivery.event;
    const state = 'unsent' as const;
    const progress = { attempts, state, nextAttemptAt: null, ...this.#sealed.erase(delivery.event, state) };
    delivery.event = { ...delivery.event, ...progress };
    await this.#ports.store.saveEventState({ id: delivery.event.id, ...progress });
  }

  #settle(delivery: Delivery): void {
    const { callId, state, attempts } = delivery.event;
    delivery.stage = 'waiting';
    const parks = state === 'pending' && attempts >= PATIENCE && delivery.recorded;
    if (parks || state !== 'pending') this.#remove(delivery);
    if (parks) this.#parking.park(delivery.event);
    this.#advance(callId);
  }

  #remove(delivery: Delivery): void {
    const { id, callId } = delivery.event;
    if (this.#all.delete(id)) this.#bytes -= delivery.bytes ?? 0;
    this.#settled?.add(id);
    if (this.#left > 0) detach('webhooks.refill', this.#refillOrLater());
    const line = this.#calls.get(callId);
    line?.splice(line.indexOf(delivery), 1);
    if (line?.length === 0) this.#calls.delete(callId);
  }
}
