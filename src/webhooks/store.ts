import type { CallRecord, Page, PageRequest } from '../calls/index.ts';

export type EventState = 'pending' | 'delivered' | 'dead' | 'unsent';

/** An event that is committed: it has its number and will not change but for its delivery. */
export interface EventRecord {
  /** `evt_…`, increasing with time. */
  id: string;
  callId: string;
  applicationId: string;
  event: string;
  /** 1, 2, 3, … within the call, without a gap. */
  sequence: number;
  /** `<call_id>:<event>`, then `<call_id>:<event>:2`, … */
  eventKey: string;
  createdAt: number;
  /** The call as it was at that moment. */
  call: CallRecord;
  data: Record<string, unknown>;
  /** `unsent`: the application has no webhook_url. */
  state: EventState;
  /** Tries so far. */
  attempts: number;
  /** When the next try is due, while `pending`. */
  nextAttemptAt: number | null;
}

/** One try to deliver an event. */
export interface AttemptRecord {
  /** `dlv_…` */
  id: string;
  eventId: string;
  /** 1 for the first. */
  attempt: number;
  at: number;
  durationMs: number;
  /** HTTP status, or null where no answer came. */
  status: number | null;
  /** Why it failed, when it did. */
  error: string | null;
  /** What the receiver answered, cut at 4 KiB. */
  answer: string;
}

/** After so many failures an event holds up no later one of its call, and waits in the store, not in memory. */
export const PATIENCE = 3;

/** What changes in an event while it is delivered. */
export type DeliveryProgress = Pick<EventRecord, 'id' | 'state' | 'attempts' | 'nextAttemptAt'> &
  Partial<Pick<EventRecord, 'data'>>;

/** What delivery needs to remember. */
export interface OutboxStore {
  /**
   * Pending events that are not parked, in order of call and sequence: the first of them, at most `limit` and
   * `maxBytes` of text. @returns `more` where there are others.
   */
  pendingEvents(limit: number, maxBytes: number): Promise<{ events: EventRecord[]; more: boolean }>;
  /** How many events are parked, and when the oldest happened: read once, at the start. */
  parkedEvents(): Promise<{ count: number; oldestAt: number | null }>;
  /** When the first parked event is due that is due after this moment; null when there is none. */
  nextDueAt(after: number): Promise<number | null>;
  /** Parked events that are due at that moment, the longest due first; fewer than there are where they hold much text. */
  dueEvents(at: number, limit: number): Promise<EventRecord[]>;
  /**
   * Writes what became of a try; resolves when it is durable, or kept in memory while nothing can be written. Many
   * at once cost one commit.
   */
  saveAttempt(attempt: AttemptRecord, event: DeliveryProgress): Promise<void>;
  /** Changes an event's delivery without a try, as a redelivery does. */
  saveEventState(event: DeliveryProgress): Promise<void>;
  /**
   * Removes `sealed_digits` from the data of the events that happened before this moment. Rejects while nothing can
   * be written.
   */
  eraseSealed(before: number): Promise<void>;
  /** Resolves when all that was saved so far is durable: what is read before then may be old. */
  written(): Promise<void>;
}

export interface EventFilter {
  applicationId?: string | undefined;
  callId?: string | undefined;
  event?: string | undefined;
  state?: EventState | undefined;
}

/** The log of events, for reading. */
export interface EventStore {
  event(id: string): Promise<EventRecord | undefined>;
  /** A call's events in order of sequence; otherwise newest first. */
  events(filter: EventFilter, page: PageRequest): Promise<Page<EventRecord>>;
  /** The first one first. */
  attempts(eventId: string, page: PageRequest): Promise<Page<AttemptRecord>>;
}
