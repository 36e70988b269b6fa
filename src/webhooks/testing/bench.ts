import { type CallRecord, SensitiveCalls } from '../../calls/index.ts';
import { Ids, seededRandom, silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import type { HttpAnswer, HttpRequest } from '../../net/index.ts';
import { Deliveries } from '../deliveries.ts';
import type { DeliveriesPorts } from '../ports.ts';
import { bytesOf } from '../size.ts';
import { type AttemptRecord, type EventRecord, type OutboxStore, PATIENCE } from '../store.ts';

export const START = Date.UTC(2026, 4, 29, 12, 0, 0);

/** A call as it is when it has just been answered. */
export function callRecord(patch: Partial<CallRecord> = {}): CallRecord {
  return {
    id: 'call_1',
    customerId: 'cust_1',
    applicationId: 'app_1',
    providerCallId: '0b7e62a4-7a09-4d27-8d38-a61fbd4fdd0c',
    status: 'in_progress',
    direction: 'inbound',
    from: '+15550001111',
    to: '+15550100000',
    answerUrl: 'https://app.test/answer',
    metadata: {},
    variables: {},
    routeMode: 'webhook',
    routingTarget: 'app_1',
    createdAt: START,
    dialingAt: null,
    ringingAt: START,
    answeredAt: START,
    endedAt: null,
    reason: null,
    endedBy: null,
    sipStatus: null,
    error: null,
    costAmount: null,
    costCurrency: null,
    sipHeaders: {},
    ...patch,
  };
}

/** The `sequence`th event of a call: `evt_<call>_<sequence>`. */
export function eventRecord(sequence = 1, callId = 'call_1', patch: Partial<EventRecord> = {}): EventRecord {
  const applicationId = patch.applicationId ?? 'app_1';
  return {
    id: `evt_${callId}_${sequence}`,
    callId,
    applicationId,
    event: 'call.gathered',
    sequence,
    eventKey: `${callId}:call.gathered:${sequence}`,
    createdAt: START,
    call: callRecord({ id: callId, applicationId }),
    data: { digits: '1' },
    state: 'pending',
    attempts: 0,
    nextAttemptAt: START,
    ...patch,
  };
}

/** What a receiver does with a request: answers with a status, or never gets it. */
export type Receiver = (request: HttpRequest & { event: string }) => number | Error | Promise<number | Error>;

/** Deliveries in virtual time, over a store in memory, to a receiver that is a function. */
export class Bench {
  readonly clock = new VirtualClock(START);
  readonly events = new Map<string, EventRecord>();
  readonly attempts: AttemptRecord[] = [];
  readonly requests: { id: string; at: number; request: HttpRequest }[] = [];
  receiver: Receiver = () => 200;
  /** What the receiver says with its status. */
  words = (id: string) => `answer to ${id}`;
  targets: DeliveriesPorts['target'] = () => ({ url: 'https://app.test/hook', secrets: [] });
  mostAwake = 20_000;
  /** What a read or a write of the store throws, while it is set. */
  unreadable: Error | undefined;
  unsaveable: Error | undefined;
  eraseFails = false;
  readonly sensitive = new SensitiveCalls(this.clock);
  #unwritten: (() => void)[] | undefined;
  deliveries = this.restart();

  /** A new process on the same store. */
  restart(): Deliveries {
    this.deliveries = new Deliveries({
      store: {
        pendingEvents: async (limit, maxBytes) => {
          if (this.unreadable) throw this.unreadable;
          const all = this.#pending.filter(({ attempts }) => attempts < PATIENCE);
          let bytes = 0;
          const fits = all.slice(0, limit).findIndex((event) => (bytes += bytesOf(event)) > maxBytes);
          const events = all.slice(0, fits === -1 ? limit : Math.max(1, fits));
          return { events, more: events.length < all.length };
        },
        parkedEvents: async () => {
          if (this.unreadable) throw this.unreadable;
          const oldestAt = Math.min(...this.#parked.map(({ createdAt }) => createdAt));
          return { count: this.#parked.length, oldestAt: this.#parked.length > 0 ? oldestAt : null };
        },
        nextDueAt: async (after) => {
          const due = this.#parked.map(({ nextAttemptAt }) => nextAttemptAt ?? 0).filter((at) => at > after);
          return due.length > 0 ? Math.min(...due) : null;
        },
        dueEvents: async (at, limit) => {
          if (this.unreadable) throw this.unreadable;
          return this.#parked.filter(({ nextAttemptAt }) => (nextAttemptAt ?? 0) <= at).slice(0, limit);
        },
        event: async (id) => this.events.get(id),
        saveAttempt: async (attempt, event) => {
          if (this.unsaveable) throw this.unsaveable;
          this.attempts.push(attempt);
          this.#save(event);
        },
        saveEventState: async (event) => this.#save(event),
        eraseSealed: async (before) => {
          if (this.eraseFails) throw new Error('the disk is full');
          for (const event of this.events.values())
            if (event.createdAt < before) this.events.set(event.id, withoutSealedDigits(event));
        },
        written: () => new Promise((resolve) => this.#write(resolve)),
      },
      http: { request: (request) => this.#request(request), close: async () => {} },
      clock: this.clock,
      random: seededRandom(1),
      ids: new Ids(this.clock),
      log: silentLog,
      open: (sealed) => sealed,
      sensitive: this.sensitive,
      target: (applicationId) => this.targets(applicationId),
      mostAwake: this.mostAwake,
    });
    return this.deliveries;
  }

  /** From now on the store cannot be written: what is saved waits for `makeRoom`. */
  fillDisk(): void {
    this.#unwritten = [];
  }

  makeRoom(): void {
    const waiting = this.#unwritten ?? [];
    this.#unwritten = undefined;
    for (const write of waiting) write();
  }

  commit(...events: EventRecord[]): void {
    for (const event of events) this.events.set(event.id, event);
    this.deliveries.enqueue(events);
  }

  /** The events as the receiver was asked about them, in order. */
  get asked(): string[] {
    return this.requests.map(({ id }) => id);
  }

  #write(write: () => void): void {
    if (this.#unwritten) this.#unwritten.push(write);
    else write();
  }

  #save(event: Parameters<OutboxStore['saveEventState']>[0]): void {
    this.#write(() => void this.events.set(event.id, { ...this.events.get(event.id)!, ...event }));
  }

  get #pending(): EventRecord[] {
    return [...this.events.values()].filter(({ state }) => state === 'pending');
  }

  get #parked(): EventRecord[] {
    return this.#pending.filter(({ attempts }) => attempts >= PATIENCE);
  }

  async #request(request: HttpRequest): Promise<HttpAnswer> {
    const { call, data } = JSON.parse(String(request.body));
    const id = `evt_${call.id}_${data.sequence}`;
    this.requests.push({ id, at: this.clock.now() - START, request });
    const broken = Promise.withResolvers<never>();
    request.signal?.addEventListener('abort', () => broken.reject(request.signal?.reason));
    broken.promise.catch(() => {});
    const outcome = await Promise.race([this.receiver({ ...request, event: id }), broken.promise]);
    if (outcome instanceof Error) throw outcome;
    const body = Buffer.from(this.words(id));
    return { status: outcome, headers: {}, body, truncated: false, durationMs: 0 };
  }
}

function withoutSealedDigits({ data: { sealed_digits: _, ...data }, ...event }: EventRecord): EventRecord {
  return { ...event, data };
}
