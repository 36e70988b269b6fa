import type { Action } from '../../contract/actions/index.ts';
import type { VoiceShown } from '../../contract/resources/index.ts';
import type { UrlRules } from '../../contract/urls.ts';
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

/** The live calls of this node. */
export interface LiveCalls {
  readonly size: number;
  has(callId: string): boolean;
  /** Hangs up the call. An event reports the ending. */
  hangup(callId: string): void;
  /** Runs valid actions at once, instead of those that are running. */
  perform(callId: string, actions: Action[]): void;
  /** The recordings of a live call; undefined while the call has no SIP leg. */
  recordings(callId: string): Pick<CallRecordings, 'start' | 'stop' | 'pause' | 'resume'> | undefined;
}

/** A valid request for an outbound call. */
export interface CallOrder {
  from: string;
  to: string;
  answerUrl: string;
  /** Run when the call is answered, instead of a document from `answerUrl`. */
  actions: Action[] | undefined;
  metadata: Record<string, unknown>;
  variables: Record<string, string>;
  sipHeaders: Record<string, string>;
  timeoutSeconds: number;
}

/** The current SIP registrations: of phones with MiniVoice, and of MiniVoice with carriers. */
export interface Registrations {
  phone(phone: { id: string; username: string }): {
    /** Milliseconds since 1970; undefined if the phone is not registered now. */
    registeredAt: number | undefined;
    /** The last REGISTER or INVITE with a wrong password. */
    failedLogin: { at: number; address: string } | undefined;
  };
  /** Undefined if the trunk does not need a registration. */
  trunkRegistered(id: string): boolean | undefined;
}

/** This process. */
export interface NodeState {
  /** The number of the node, 0–999. */
  number: number;
  /** Milliseconds since 1970. */
  startedAt: number;
  media(): { sessions: number; beats: number; lateBeats: number };
}

/** Everything that the REST API needs. */
export interface ApiDeps {
  directory: Directory;
  calls: CallStore;
  live: LiveCalls;
  /** Absent without SIP: then nothing is registered. */
  registrations?: Registrations;
  /** Places a call. Fails with `overloaded`, `invalid_request`, `originate_failed`, or as `Billing.admit` does. */
  place(application: Application, order: CallOrder, key?: IdempotencyKey): Promise<CallRecord>;
  idempotency: IdempotencyStore;
  billing: Pick<Billing, 'balance' | 'adjust' | 'setLimits' | 'setRate' | 'removeRate'>;
  ledger: Pick<BillingStore, 'adjustments' | 'rates' | 'usage'>;
  /** Damaged database rows. */
  quarantine: Pick<QuarantineStore, 'quarantined' | 'discard'>;
  node: NodeState;
  recordings: RecordingStore;
  /** Deletes calls and recordings permanently. */
  eraser: Pick<Eraser, 'eraseCall' | 'deleteRecording'>;
  files: RecordingFiles;
  /** Signed URLs that give access to a recording's file without a key, for a limited time. */
  links: FileLinks;
  /** Transcripts and analysis of recordings. Fails with `nothing_to_process`, `ai_not_available`. */
  insights: { store: InsightStore; reprocess: Insights['reprocess'] };
  events: EventStore;
  /** Fails with `event_not_found`, `no_webhook_url`. */
  deliveries: { redeliver(eventId: string): Promise<void>; readonly counts: DeliveryCounts };
  /** The built-in voices and those that the machine provides. */
  voices: VoiceShown[];
  clock: Clock;
  random: Random;
  log: Log;
  /** Rejects with the reason while the server cannot take calls. */
  ready(): Promise<void>;
  /**
   * Metrics of other modules, by name without the prefix `minivoice_`. A name that ends in `_total` is exported as a
   * counter, any other name as a gauge.
   */
  metrics?: Record<string, Metric>;
  settings: ApiSettings;
}

/** One number, or one number for each value of a label that has few values. */
export type Metric = { help: string } & (
  | { value(): number }
  | { label: string; values(): Iterable<readonly [label: string, value: number]> }
);

export interface ApiSettings extends UrlRules {
  version: string;
  adminToken: string;
  /** Access to `/metrics`: with `token` if it is not empty; without a token if `open`, except through a proxy. */
  metrics?: { token: string; open: boolean };
  /** Addresses and CIDR blocks of the proxies whose `X-Forwarded-For` or `Forwarded` is used. */
  trustedProxies?: readonly string[];
  /** Requests per minute: for each key, and for each address without a valid key. */
  requestsPerMinute?: { key: number; address: number };
}
