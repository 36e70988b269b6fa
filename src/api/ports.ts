import type { Action } from '../../contract/actions/index.ts';
import type { VoiceShown } from '../../contract/resources/index.ts';
import type { UrlRules } from '../../contract/url-rules.ts';
import type { Billing, BillingStore } from '../billing/index.ts';
import type {
  CallRecord,
  CallStore,
  IdempotencyKey,
  IdempotencyStore,
  QuarantineStore,
} from '../calls/index.ts';
import type { Clock, Log, Random } from '../core/index.ts';
import type { Application, Directory } from '../directory/index.ts';
import type { InsightStore, Insights } from '../insights/index.ts';
import type {
  CallRecordings,
  Eraser,
  FileLinks,
  RecordingFiles,
  RecordingStore,
} from '../recordings/index.ts';
import type { DeliveryCounts, EventStore } from '../webhooks/index.ts';

/** What can be done with calls that are alive on this node. */
export interface LiveCalls {
  /** How many there are. */
  readonly size: number;
  /** Whether this call is one of them. */
  has(callId: string): boolean;
  /** Hangs up; the ending is reported like any other. */
  hangup(callId: string): void;
  /** Runs checked actions at once, in place of what is being performed. */
  perform(callId: string, actions: Action[]): void;
  /** The recordings of a live call; undefined while it has no SIP leg. */
  recordings(callId: string): Pick<CallRecordings, 'start' | 'stop' | 'pause' | 'resume'> | undefined;
}

/** An outbound call, as it was asked for and checked. */
export interface CallOrder {
  from: string;
  to: string;
  answerUrl: string;
  /** Performed at the answer, in place of a document. */
  actions: Action[] | undefined;
  metadata: Record<string, unknown>;
  variables: Record<string, string>;
  sipHeaders: Record<string, string>;
  timeoutSeconds: number;
}

/** Who is registered now: phones with us, and we with trunks. */
export interface LineStates {
  phone(phone: { id: string; username: string }): {
    /** When it has registered last, in ms since 1970; undefined where it is not registered now. */
    registeredAt: number | undefined;
    /** When, and from where, somebody did not prove its password. */
    failedLogin: { at: number; address: string } | undefined;
  };
  /** Undefined: the trunk is not to be registered with. */
  trunkRegistered(id: string): boolean | undefined;
}

/** This process. */
export interface NodeState {
  /** 0–999, its number among its peers. */
  number: number;
  /** Milliseconds since 1970. */
  startedAt: number;
  media(): { sessions: number; beats: number; lateBeats: number };
}

/** Everything that REST stands on. */
export interface ApiPorts {
  directory: Directory;
  calls: CallStore;
  live: LiveCalls;
  /** Absent where there is no SIP: nothing is registered then. */
  lines?: LineStates;
  /** Places a call. Fails with `overloaded`, as `Billing.admit` does, with `invalid_request`, `originate_failed`. */
  place(application: Application, order: CallOrder, key?: IdempotencyKey): Promise<CallRecord>;
  idempotency: IdempotencyStore;
  billing: Pick<Billing, 'balance' | 'adjust' | 'setLimits' | 'setRate' | 'removeRate'>;
  ledger: Pick<BillingStore, 'adjustments' | 'rates' | 'usage'>;
  /** Stored rows that are damaged. */
  quarantine: Pick<QuarantineStore, 'quarantined' | 'discard'>;
  node: NodeState;
  recordings: RecordingStore;
  /** Deletes for good. */
  eraser: Pick<Eraser, 'eraseCall' | 'deleteRecording'>;
  files: RecordingFiles;
  /** Opens recordings' files without a key, for a while. */
  links: FileLinks;
  /** What is made of recordings. Fails with `nothing_to_process`, `ai_not_available`. */
  insights: { store: InsightStore; reprocess: Insights['reprocess'] };
  events: EventStore;
  /** Fails with `event_not_found`, `no_webhook_url`. */
  deliveries: { redeliver(eventId: string): Promise<void>; readonly counts: DeliveryCounts };
  /** The voices that come with the program, and those that the machine has. */
  voices: VoiceShown[];
  clock: Clock;
  random: Random;
  log: Log;
  /** Rejects, with a reason, while the server cannot do its work. */
  ready(): Promise<void>;
  /**
   * More metrics, by name without `minivoice_`: those of modules that REST does not know. A name that ends in `_total`
   * is exported as a counter, every other one as a gauge.
   */
  figures?: Record<string, Figure>;
  settings: ApiSettings;
}

/** One number, or one for each value of a label, of which there are few. */
export type Figure = { help: string } & (
  | { value(): number }
  | { label: string; values(): Iterable<readonly [label: string, value: number]> }
);

export interface ApiSettings extends UrlRules {
  version: string;
  adminToken: string;
  /** Who may read `/metrics`: whoever has this token, if not empty, or, if `open`, everybody not behind a proxy. */
  metrics?: { token: string; open: boolean };
  /** Addresses and CIDR blocks of proxies whose `X-Forwarded-For` or `Forwarded` is believed. */
  trustedProxies?: readonly string[];
  /** Requests a minute: for each key, and for each address that comes without one. */
  requestsPerMinute?: { key: number; address: number };
}
