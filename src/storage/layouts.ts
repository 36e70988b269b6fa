import type { CallRecord, TimelineEntry } from '../calls/index.ts';
import type { ApiKey, Application, Customer, Did, Phone, Trunk, VerifiedNumber } from '../directory/index.ts';
import type { RecordingRecord } from '../recordings/index.ts';
import type { AttemptRecord, EventRecord } from '../webhooks/index.ts';
import type { BillingTables } from './billing-layouts.ts';
import type { InsightTables } from './insight-layouts.ts';

/** How a property lies in its column: as it is, as JSON text, or as 0 or 1. */
type Kind = 'plain' | 'json' | 'flag';

/** Every property of a record, in the order of the columns. The compiler sees to it that none is missing. */
export type Layout<T> = { readonly [K in keyof T]-?: Kind };

/** A record as it lies in its table; the columns have the properties' names in snake_case. */
export type Row<T, L extends Layout<T>> = {
  [K in keyof T]: L[K] extends 'json' ? string | null : L[K] extends 'flag' ? number : T[K];
};

/** What both SQLite and PostgreSQL take as a parameter. */
export type Value = string | number | null;

export const callLayout = {
  id: 'plain',
  customerId: 'plain',
  applicationId: 'plain',
  providerCallId: 'plain',
  status: 'plain',
  direction: 'plain',
  from: 'plain',
  to: 'plain',
  answerUrl: 'plain',
  metadata: 'json',
  variables: 'json',
  routeMode: 'plain',
  routingTarget: 'plain',
  createdAt: 'plain',
  dialingAt: 'plain',
  ringingAt: 'plain',
  answeredAt: 'plain',
  endedAt: 'plain',
  reason: 'plain',
  endedBy: 'plain',
  sipStatus: 'plain',
  error: 'json',
  costAmount: 'plain',
  costCurrency: 'plain',
  sipHeaders: 'json',
} as const satisfies Layout<CallRecord>;

export const recordingLayout = {
  id: 'plain',
  callId: 'plain',
  customerId: 'plain',
  applicationId: 'plain',
  providerCallId: 'plain',
  status: 'plain',
  storageType: 'plain',
  file: 'plain',
  format: 'plain',
  channels: 'plain',
  sampleRate: 'plain',
  createdAt: 'plain',
  updatedAt: 'plain',
  startedAt: 'plain',
  endedAt: 'plain',
  endedBy: 'plain',
  durationMs: 'plain',
  sizeBytes: 'plain',
  sha256: 'plain',
  gaps: 'json',
  recovered: 'flag',
  error: 'json',
} as const satisfies Layout<RecordingRecord>;

export const eventLayout = {
  id: 'plain',
  callId: 'plain',
  applicationId: 'plain',
  event: 'plain',
  sequence: 'plain',
  eventKey: 'plain',
  createdAt: 'plain',
  call: 'json',
  data: 'json',
  state: 'plain',
  attempts: 'plain',
  nextAttemptAt: 'plain',
} as const satisfies Layout<EventRecord>;

export const attemptLayout = {
  id: 'plain',
  eventId: 'plain',
  attempt: 'plain',
  at: 'plain',
  durationMs: 'plain',
  status: 'plain',
  error: 'plain',
  answer: 'plain',
} as const satisfies Layout<AttemptRecord>;

export const timelineLayout = {
  callId: 'plain',
  at: 'plain',
  kind: 'plain',
  data: 'json',
} as const satisfies Layout<TimelineEntry>;

export const customerLayout = {
  id: 'plain',
  name: 'plain',
  createdAt: 'plain',
} as const satisfies Layout<Customer>;

export const applicationLayout = {
  id: 'plain',
  customerId: 'plain',
  name: 'plain',
  answerUrl: 'plain',
  answerMethod: 'plain',
  fallbackAnswerUrl: 'plain',
  webhookUrl: 'plain',
  webhookSecrets: 'json',
  faultMessage: 'plain',
  voice: 'plain',
  language: 'plain',
  aiEnabled: 'flag',
  recordCalls: 'flag',
  aiEvents: 'flag',
  scorecard: 'json',
  ai: 'json',
  createdAt: 'plain',
  updatedAt: 'plain',
} as const satisfies Layout<Application>;

export const keyLayout = {
  id: 'plain',
  applicationId: 'plain',
  sha256: 'plain',
  hint: 'plain',
  createdAt: 'plain',
  expiresAt: 'plain',
} as const satisfies Layout<ApiKey>;

export const didLayout = {
  id: 'plain',
  customerId: 'plain',
  applicationId: 'plain',
  numberE164: 'plain',
  provider: 'plain',
  status: 'plain',
  routeMode: 'plain',
  routingTarget: 'plain',
  createdAt: 'plain',
  updatedAt: 'plain',
} as const satisfies Layout<Did>;

export const trunkLayout = {
  id: 'plain',
  customerId: 'plain',
  name: 'plain',
  proxy: 'plain',
  username: 'plain',
  password: 'plain',
  realm: 'plain',
  fromDomain: 'plain',
  inboundIp: 'plain',
  isActive: 'flag',
  gatewayName: 'plain',
  transport: 'plain',
  register: 'flag',
  srtp: 'flag',
  country: 'plain',
  callerIds: 'plain',
  forwardCallerId: 'flag',
  createdAt: 'plain',
  updatedAt: 'plain',
} as const satisfies Layout<Trunk>;

export const phoneLayout = {
  id: 'plain',
  customerId: 'plain',
  username: 'plain',
  ha1: 'plain',
  createdAt: 'plain',
} as const satisfies Layout<Phone>;

export const verifiedNumberLayout = {
  id: 'plain',
  customerId: 'plain',
  numberE164: 'plain',
  createdAt: 'plain',
} as const satisfies Layout<VerifiedNumber>;

/** The tables, as Kysely checks queries against them. */
export interface Tables extends InsightTables, BillingTables {
  /** `lastSequence` counts the events of the call. */
  calls: Row<CallRecord, typeof callLayout> & { lastSequence: number };
  recordings: Row<RecordingRecord, typeof recordingLayout>;
  events: Row<EventRecord, typeof eventLayout>;
  attempts: Row<AttemptRecord, typeof attemptLayout>;
  /** `position` counts the lines of the call. */
  timeline: Row<TimelineEntry, typeof timelineLayout> & { position: number };
  customers: Row<Customer, typeof customerLayout>;
  applications: Row<Application, typeof applicationLayout>;
  apiKeys: Row<ApiKey, typeof keyLayout>;
  dids: Row<Did, typeof didLayout>;
  trunks: Row<Trunk, typeof trunkLayout>;
  phones: Row<Phone, typeof phoneLayout>;
  verifiedNumbers: Row<VerifiedNumber, typeof verifiedNumberLayout>;
  pendingByes: { key: string; pendingBye: string };
  erasures: { callId: string; at: number };
  fileDeletions: { file: string; at: number; dueAt: number; attempts: number };
  carriedCharges: { customerId: string; amount: number };
  carriedUsage: { applicationId: string; day: number; calls: number; billsecSeconds: number; cost: number };
  idempotencyKeys: { applicationId: string; key: string; requestHash: string; callId: string; at: number };
}

/** The record's values in the layout's order, as a prepared statement takes them. */
export function toParameters<T extends object>(layout: Layout<T>, record: T): Value[] {
  const values: Value[] = [];
  for (const property in layout) values.push(toValue(layout[property], record[property]));
  return values;
}

/** The record as a row for Kysely. */
export function toRow<T extends object, L extends Layout<T>>(layout: L & Layout<T>, record: T): Row<T, L> {
  const row: Record<string, Value> = {};
  for (const property in layout as Layout<T>) row[property] = toValue(layout[property], record[property]);
  return row as Row<T, L>;
}

function toValue(kind: Kind, value: unknown): Value {
  if (kind === 'plain') return (value ?? null) as Value;
  if (kind === 'flag') return value ? 1 : 0;
  return value === null || value === undefined ? null : JSON.stringify(value);
}
