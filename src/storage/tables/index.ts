import * as billing from './billing.ts';
import * as calls from './calls.ts';
import * as directory from './directory.ts';
import * as insights from './insights.ts';
import type { RowOf } from './table.ts';

/** The tables that hold records, by the name that queries use. */
export const tables = { ...calls, ...directory, ...billing, ...insights };

type RecordTables = typeof tables;

/** The tables as Kysely checks queries against them. */
export interface Tables extends Omit<{ [K in keyof RecordTables]: RowOf<RecordTables[K]> }, Counted> {
  /** `lastSequence` counts the events of the call. */
  calls: RowOf<RecordTables['calls']> & { lastSequence: number };
  /** `position` counts the entries of the call. */
  timeline: RowOf<RecordTables['timeline']> & { position: number };
  erasures: { callId: string; at: number };
  fileDeletions: { file: string; at: number; dueAt: number; attempts: number };
  carriedCharges: { customerId: string; amount: number };
  carriedUsage: { applicationId: string; day: number; calls: number; billsecSeconds: number; cost: number };
  /** Sums of the stored calls by the hour of their creation. */
  callHours: { applicationId: string; hour: number; calls: number; billsecSeconds: number; cost: number };
  /** Sums of the stored settled charges by day. */
  chargeDays: { customerId: string; day: number; charges: number; amount: number; inexact: number };
  idempotencyKeys: { applicationId: string; key: string; requestHash: string; callId: string; at: number };
}

type Counted = 'calls' | 'timeline';

export {
  type Encoding,
  type RecordOf,
  snakeCase,
  type Table,
  type Value,
} from './table.ts';
