import type { BillingChange, BillingJournal, BillingStore } from '../billing/index.ts';
import type {
  CallJournal,
  CallRecord,
  CallStore,
  EventDraft,
  IdempotencyStore,
  PendingByeStore,
  QuarantineStore,
  RepeatKey,
  TimelineEntry,
} from '../calls/index.ts';
import type { Clock, Ids, Log, Signal } from '../core/index.ts';
import type { DirectoryStore } from '../directory/index.ts';
import type { InsightJournal, InsightStore, InsightsChange } from '../insights/index.ts';
import type { ErasureStore, RecordingJournal, RecordingRecord, RecordingStore } from '../recordings/index.ts';
import type { EventRecord, EventStore, OutboxStore } from '../webhooks/index.ts';

/** What is written together or not at all. */
export interface Change {
  call?: CallRecord;
  recording?: RecordingRecord;
  events?: EventDraft[];
  timeline?: TimelineEntry[];
  insights?: InsightsChange;
  billing?: BillingChange;
  /** A file in the folder of recordings that nobody needs once this is written. */
  obsoleteFile?: string;
  /** Kept with the call. */
  repeatKey?: RepeatKey | undefined;
  /** It is not kept in memory when it cannot be written at present, but rejected with `overloaded`. */
  refusable?: boolean;
}

/** Every store of the house, kept by one database. */
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
   * Resolves when the whole change would outlive the process; rejects when nothing of it was written. While the
   * database cannot be written, a full disk for instance, it resolves when the change is kept in memory, from where
   * it is written as soon as that is possible; of more than 50,000 only the ends of calls are kept. Changes take
   * effect in the order of the calls. The change is read at once: what becomes of its objects later does not matter.
   */
  commit(change: Change): Promise<void>;
  /** Events that have just been committed, in order of commit; told after they are durable. */
  readonly onCommitted: Signal<EventRecord[]>;
  /** Makes ids that are greater than every id in the database: the one maker for the whole process. */
  readonly ids: Ids;
  /** The greatest id in the database, by its time, whatever its prefix. */
  latestId(): Promise<string | undefined>;
  /** Why the database cannot be written at present; undefined while it can. */
  readonly trouble: string | undefined;
  /** Changes in memory that are still to be written. */
  readonly waiting: number;
  /** Rejects when the database does not answer, or cannot be written. */
  ping(): Promise<void>;
  /** Writes what is waiting, then lets go of the database. Later commits are rejected. Idempotent. */
  close(): Promise<void>;
}

/** What every database needs to be opened as a `Storage`. */
export interface StorageOptions {
  clock: Clock;
  /** Silent unless given. */
  log?: Log;
  /** 0–999, this process's number among its peers. Default 0. */
  node?: number;
  /** Events of an application that has no webhook_url are `unsent` from the start. Asked at commit. */
  hasWebhook(applicationId: string): boolean;
}
