import type { EventCall, Page, PageRequest } from '../calls/index.ts';

export type EventState = 'pending' | 'delivered' | 'dead' | 'unsent';

/** A committed event. Only the state of its delivery still changes. */
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
  /** The call at the time of the event. */
  call: EventCall;
  data: Record<string, unknown>;
  /** `unsent`: the application has no `webhook_url`. */
  state: EventState;
  /** Attempts so far. */
  attempts: number;
  /** When the next attempt is due, while `pending`. */
  nextAttemptAt: number | null;
}

/** One attempt to deliver an event. */
export interface AttemptRecord {
  /** `dlv_…` */
  id: string;
  eventId: string;
  /** 1 for the first. */
  attempt: number;
  at: number;
  durationMs: number;
  /** HTTP status; null when there was no response. */
  status: number | null;
  /** Why it failed; null when the event was accepted. */
  error: string | null;
  /** The body of the response, cut at 4 KiB. */
  answer: string;
}

/** Failed attempts after which an event is parked: it waits in the store, and later events overtake it. */
export const PARK_AFTER_ATTEMPTS = 3;

/** The fields of an event that its delivery changes. */
export type DeliveryProgress = Pick<EventRecord, 'id' | 'state' | 'attempts' | 'nextAttemptAt'> &
  Partial<Pick<EventRecord, 'data'>>;

/** Stores the state of deliveries. */
export interface OutboxStore {
  /**
   * The first pending events that are not parked, oldest first. Returns at most `limit` events, and at most `maxBytes`
   * of text. @returns `more` when there are others.
   */
  pendingEvents(limit: number, maxBytes: number): Promise<{ events: EventRecord[]; more: boolean }>;
  /** The number of parked events, and when the oldest happened. Read once, at the start. */
  parkedEvents(): Promise<{ count: number; oldestAt: number | null }>;
  /** When the next parked event is due after this time; null when there is none. */
  nextDueAt(after: number): Promise<number | null>;
  /** Parked events that are due at this time, the longest due first. Fewer than `limit` when they hold much text. */
  dueEvents(at: number, limit: number): Promise<EventRecord[]>;
  /**
   * Writes an attempt and its outcome. Resolves when they are durable, or kept in memory while nothing can be written.
   * Attempts saved at the same time share a commit.
   */
  saveAttempt(attempt: AttemptRecord, event: DeliveryProgress): Promise<void>;
  /** Changes the state of a delivery without an attempt. */
  saveEventState(event: DeliveryProgress): Promise<void>;
  /**
   * Removes `sealed_digits` from the data of the events that happened before this time. Rejects while nothing can be
   * written.
   */
  eraseSealed(before: number): Promise<void>;
  /** Resolves when everything saved so far is durable. Reads before then may return outdated rows. */
  written(): Promise<void>;
}

export interface EventFilter {
  applicationId?: string | undefined;
  callId?: string | undefined;
  event?: string | undefined;
  state?: EventState | undefined;
}

/** Reads events and their attempts. */
export interface EventStore {
  event(id: string): Promise<EventRecord | undefined>;
  /** With `callId` in order of sequence; otherwise newest first. */
  events(filter: EventFilter, page: PageRequest): Promise<Page<EventRecord>>;
  /** Oldest first. */
  attempts(eventId: string, page: PageRequest): Promise<Page<AttemptRecord>>;
}
