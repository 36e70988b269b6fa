import { type CallRecord, SensitiveCalls } from '../../calls/index.ts';
import { Ids, seededRandom, silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import type { HttpRequest, HttpResponse } from '../../net/index.ts';
import { Deliveries } from '../deliveries.ts';
import { bytesOf } from '../delivery-queue.ts';
import type { DeliveriesDeps } from '../ports.ts';
import { type AttemptRecord, type EventRecord, type OutboxStore, PARK_AFTER_ATTEMPTS } from '../store.ts';

export const START = Date.UTC(2026, 4, 29, 12, 0, 0);

/** A call that has just been answered. */
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

/** An event of a call; its id is `evt_<call>_<sequence>`. */
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

/** Handles a request as a receiver: returns a status, or an error when the request fails. */
export type Receiver = (request: HttpRequest & { event: string }) => number | Error | Promise<number | Error>;

/** Deliveries in virtual time, with a store in memory and a function as the receiver. */
export class Harness {
  readonly clock = new VirtualClock(START);
  readonly events = new Map<string, EventRecord>();
  readonly attempts: AttemptRecord[] = [];
  readonly requests: { id: string; at: number; request: HttpRequest }[] = [];
  receiver: Receiver = () => 200;
  /** The body of the receiver's responses. */
  responseBody = (id: string) => `answer to ${id}`;
  target: DeliveriesDeps['target'] = () => ({ url: 'https://app.test/hook', secrets: [] });
  maxEventsInMemory = 20_000;
  /** While set, reads or writes of the store throw this. */
  readError: Error | undefined;
  saveError: Error | undefined;
  eraseFails = false;
  readonly sensitive = new SensitiveCalls(this.clock);
  #unwritten: (() => void)[] | undefined;
  deliveries = this.restart();

  /** Starts a new process on the same store. */
  restart(): Deliveries {
    this.deliveries = new Deliveries({
      store: this.#store(),
      http: { request: (request) => this.#request(request), close: async () => {} },
      clock: this.clock,
      random: seededRandom(1),
      ids: new Ids(this.clock),
      log: silentLog,
      open: (sealed) => sealed,
      sensitive: this.sensitive,
      target: (applicationId) => this.target(applicationId),
      maxEventsInMemory: this.maxEventsInMemory,
    });
    return this.deliveries;
  }

  /** From now on the store cannot be written: saves wait for `freeDisk`. */
  fillDisk(): void {
    this.#unwritten = [];
  }

  freeDisk(): void {
    const waiting = this.#unwritten ?? [];
    this.#unwritten = undefined;
    for (const write of waiting) write();
  }

  commit(...events: EventRecord[]): void {
    for (const event of events) this.events.set(event.id, event);
    this.deliveries.enqueue(events);
  }

  /** The ids of the events that the receiver got, in order. */
  get received(): string[] {
    return this.requests.map(({ id }) => id);
  }

  #store(): DeliveriesDeps['store'] {
    return {
      pendingEvents: async (limit, maxBytes) => {
        if (this.readError) throw this.readError;
        const all = this.#pending.filter(({ attempts }) => attempts < PARK_AFTER_ATTEMPTS);
        let bytes = 0;
        const fits = all.slice(0, limit).findIndex((event) => (bytes += bytesOf(event)) > maxBytes);
        const events = all.slice(0, fits === -1 ? limit : Math.max(1, fits));
        return { events, more: events.length < all.length };
      },
      parkedEvents: async () => {
        if (this.readError) throw this.readError;
        const oldestAt = Math.min(...this.#parked.map(({ createdAt }) => createdAt));
        return { count: this.#parked.length, oldestAt: this.#parked.length > 0 ? oldestAt : null };
      },
      nextDueAt: async (after) => {
        const due = this.#parked.map(({ nextAttemptAt }) => nextAttemptAt ?? 0).filter((at) => at > after);
        return due.length > 0 ? Math.min(...due) : null;
      },
      dueEvents: async (at, limit) => {
        if (this.readError) throw this.readError;
        return this.#parked.filter(({ nextAttemptAt }) => (nextAttemptAt ?? 0) <= at).slice(0, limit);
      },
      event: async (id) => this.events.get(id),
      saveAttempt: async (attempt, event) => {
        if (this.saveError) throw this.saveError;
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
    };
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
    return this.#pending.filter(({ attempts }) => attempts >= PARK_AFTER_ATTEMPTS);
  }

  async #request(request: HttpRequest): Promise<HttpResponse> {
    const { call, data } = JSON.parse(String(request.body));
    const id = `evt_${call.id}_${data.sequence}`;
    this.requests.push({ id, at: this.clock.now() - START, request });
    const broken = Promise.withResolvers<never>();
    request.signal?.addEventListener('abort', () => broken.reject(request.signal?.reason));
    broken.promise.catch(() => {});
    const outcome = await Promise.race([this.receiver({ ...request, event: id }), broken.promise]);
    if (outcome instanceof Error) throw outcome;
    const body = Buffer.from(this.responseBody(id));
    return { status: outcome, headers: {}, body, truncated: false, durationMs: 0 };
  }
}

function withoutSealedDigits({ data: { sealed_digits: _, ...data }, ...event }: EventRecord): EventRecord {
  return { ...event, data };
}
