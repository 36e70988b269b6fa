import type { CallRecord, CallStatus, Direction } from './call.ts';
import type { TimelineEntry } from './ports.ts';

/** A page of a list: at most `limit` rows after `cursor`; fewer when they hold much text. */
export interface PageRequest {
  limit: number;
  cursor?: string | undefined;
}

export interface Page<T> {
  data: T[];
  /** The `cursor` of the next page; null on the last page. */
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

/** Reads calls, newest first. */
export interface CallStore {
  call(id: string): Promise<CallRecord | undefined>;
  calls(filter: CallFilter, page: PageRequest): Promise<Page<CallRecord>>;
  /** Calls that are not in a final state. At the start, these were interrupted by a crash. */
  openCalls(): Promise<CallRecord[]>;
  /** Oldest first. */
  timeline(callId: string, page: PageRequest): Promise<Page<TimelineEntry>>;
}

/** Finds the calls that were placed with an `Idempotency-Key` in the last 24 hours. Keys are stored with their calls. */
export interface IdempotencyStore {
  /** The call that was placed with this key. */
  repeated(applicationId: string, key: string): Promise<{ requestHash: string; callId: string } | undefined>;
}

/** A stored row that cannot be read, and why. */
export interface BadRow {
  table: string;
  id: string;
  reason: string;
}

/** Quarantines stored rows that cannot be read, so that everything else works. */
export interface QuarantineStore {
  /** Ignores a row from now on, and logs it once. */
  quarantine(row: BadRow): void;
  /** The rows found since the start. */
  readonly quarantined: (BadRow & { foundAt: number })[];
  /** Deletes a row and its dependent rows. @returns false when it is not in quarantine. */
  discard(table: string, id: string): Promise<boolean>;
}

/** Stores a BYE per established leg, so that the next process can send it after a crash. Plain data. */
export interface PendingByeStore {
  /** Stores the BYE of a leg. @param key identifies the leg. */
  keepPendingBye(key: string, pendingBye: object): Promise<void>;
  dropPendingBye(key: string): Promise<void>;
  /** At the start: the BYEs of legs that a crash interrupted. */
  pendingByes(): Promise<{ key: string; pendingBye: object }[]>;
}
