import type { CallRecord, CallStatus, Direction } from './call.ts';
import type { TimelineEntry } from './ports.ts';

/** A page of a list: at most `limit` rows after the row that `cursor` names; fewer where they hold much text. */
export interface PageRequest {
  limit: number;
  cursor?: string | undefined;
}

export interface Page<T> {
  data: T[];
  /** Give it back as `cursor` for the rows that follow; null at the end. */
  nextCursor: string | null;
}

export interface CallFilter {
  applicationId?: string | undefined;
  status?: CallStatus | undefined;
  direction?: Direction | undefined;
  from?: string | undefined;
  to?: string | undefined;
  /** Milliseconds since 1970, inclusive. */
  createdAfter?: number | undefined;
  /** Milliseconds since 1970, exclusive. */
  createdBefore?: number | undefined;
}

/** What can be read about calls. Newest first. */
export interface CallStore {
  call(id: string): Promise<CallRecord | undefined>;
  calls(filter: CallFilter, page: PageRequest): Promise<Page<CallRecord>>;
  /** Calls that are not in a final state: after a start, those a crash cut off. */
  openCalls(): Promise<CallRecord[]>;
  /** In the order in which things happened. */
  timeline(callId: string, page: PageRequest): Promise<Page<TimelineEntry>>;
}

/**
 * Answers that are repeated when a request is repeated with the same `Idempotency-Key`, for 24 hours. Keys are kept
 * with their calls.
 */
export interface IdempotencyStore {
  /** What this key has done for this application. */
  repeated(applicationId: string, key: string): Promise<{ requestHash: string; callId: string } | undefined>;
}

/** A stored row that cannot be used, by its table and its key, and why. */
export interface BadRow {
  table: string;
  id: string;
  reason: string;
}

/** Stored rows that cannot be used: they are left out, and everything else goes on. */
export interface QuarantineStore {
  /** Leaves a row out from now on. It is named in the log once. */
  quarantine(row: BadRow): void;
  /** All that were found since the start. */
  readonly quarantined: (BadRow & { foundAt: number })[];
  /** Deletes such a row, and what hangs on it. @returns false when no such row is in quarantine. */
  discard(table: string, id: string): Promise<boolean>;
}

/** What hangs up on the peers of this process when it no longer can: plain data, one for each leg that is up. */
export interface PendingByeStore {
  /** @param key names the leg, once among all. */
  keepPendingBye(key: string, pendingBye: object): Promise<void>;
  dropPendingBye(key: string): Promise<void>;
  /** After a start: those that a crash has left. */
  pendingByes(): Promise<{ key: string; pendingBye: object }[]>;
}
