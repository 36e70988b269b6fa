import type { BillingChange, BillingJournal, BillingStore } from '../billing/index.ts';
import type {
  CallJournal,
  CallRecord,
  CallStore,
  EventDraft,
  IdempotencyKey,
  IdempotencyStore,
  PendingByeStore,
  QuarantineStore,
  TimelineEntry,
} from '../calls/index.ts';
import type { Clock, Ids, Log, Signal } from '../core/index.ts';
import type { DirectoryStore } from '../directory/index.ts';
import type { InsightJournal, InsightStore, InsightsChange } from '../insights/index.ts';
import type { ErasureStore, RecordingJournal, RecordingRecord, RecordingStore } from '../recordings/index.ts';
import type { EventRecord, EventStore, OutboxStore } from '../webhooks/index.ts';

/** Rows that are written in one transaction. */
export interface Change {
  call?: CallRecord;
  recording?: RecordingRecord;
  events?: EventDraft[];
  timeline?: TimelineEntry[];
  insights?: InsightsChange;
  billing?: BillingChange;
  /** A file in the recordings folder that is deleted after this is written. */
  obsoleteFile?: string;
  /** The idempotency key of the request that created the call. */
  idempotencyKey?: IdempotencyKey | undefined;
  /** Whether the change is rejected with `overloaded`, not kept in memory, while nothing can be written. */
  refusable?: boolean;
}

/** All stores of the application, in one database. */
export interface Storage
  extends CallJournal,
    CallStore,
    RecordingJournal,
    RecordingStore,
    ErasureStore,
    OutboxStore,
    EventStore,
    DirectoryStore,
    IdempotencyStore,
    PendingByeStore,
    QuarantineStore,
    InsightJournal,
    InsightStore,
    BillingJournal,
    BillingStore {
  /**
   * Writes a change in one transaction. Resolves when the change is durable; rejects when nothing of it was written.
   * While the database cannot be written, for example on a full disk, it resolves when the change is kept in memory,
   * from where it is written as soon as possible; beyond 50,000 changes, only those that end calls are kept. Changes
   * take effect in the order of the calls of this method. Later modifications of the change's objects have no effect.
   */
  commit(change: Change): Promise<void>;
  /** Emits committed events, in the order of the commits, after they are durable. */
  readonly onCommitted: Signal<EventRecord[]>;
  /** Creates ids that are greater than every id in the database; used by the whole process. */
  readonly ids: Ids;
  /** Returns the latest id in the database by its time, whatever its prefix. */
  latestId(): Promise<string | undefined>;
  /** Why the database cannot be written at present; undefined while it can. */
  readonly trouble: string | undefined;
  /** The number of changes in memory that wait to be written. */
  readonly waiting: number;
  /** Rejects when the database cannot be read or written. */
  ping(): Promise<void>;
  /** Writes all waiting changes, then closes the database. Later commits are rejected. Idempotent. */
  close(): Promise<void>;
}

/** The options of every database. */
export interface StorageOptions {
  clock: Clock;
  /** Default: no log. */
  log?: Log;
  /** The number of this process in its cluster, 0–999. Default 0. */
  node?: number;
  /** Whether the application has a `webhook_url`; without it, its events are `unsent`. Called at each commit. */
  hasWebhook(applicationId: string): boolean;
}
