import type {
  CallJournal,
  CallRecord,
  EventDraft,
  Page,
  PageRequest,
  RepeatKey,
  TimelineEntry,
} from '../calls/index.ts';
import type { Micros } from '../core/index.ts';
import type { Terms } from './price.ts';

/** How a customer is billed and held back. Plain data, times in milliseconds since 1970. */
export interface Account {
  customerId: string;
  /** ISO 4217. Never changes. */
  currency: string;
  /** Whether calls cost anything. The limits on calls count either way. */
  billing: boolean;
  /** What may be spent in a period; null: as much as there is. */
  spendLimit: Micros | null;
  spendPeriod: SpendPeriod;
  /** Outbound legs begun in any second; null: any number. */
  callsPerSecond: number | null;
  /** Outbound legs at the same time; null: any number. */
  concurrentCalls: number | null;
  updatedAt: number;
}

/** By UTC; `total` never begins anew. */
export type SpendPeriod = 'day' | 'month' | 'total';

/** What calls to numbers that begin in a certain way cost. */
export interface Rate extends Terms {
  id: string;
  /** Null: for all customers that have none of their own for this prefix. */
  customerId: string | null;
  prefix: string;
  currency: string;
  createdAt: number;
}

/** Money that the operator put on a customer's balance, or took from it. */
export interface Adjustment {
  id: string;
  customerId: string;
  amount: Micros;
  currency: string;
  note: string;
  createdAt: number;
}

/** What one outbound leg costs: reserved as it is dialled, settled once, or released when nobody answered. */
export interface ChargeRecord extends Terms {
  legId: string;
  /** The call's own leg: this one, or the one that this is beside. */
  callLegId: string;
  callId: string;
  customerId: string;
  applicationId: string;
  destination: string;
  prefix: string;
  currency: string;
  status: 'reserved' | 'settled' | 'released';
  /** What is held while the leg lasts. */
  reserved: Micros;
  /** What it has cost; 0 until it is settled. */
  amount: Micros;
  billedSeconds: number;
  createdAt: number;
  answeredAt: number | null;
  settledAt: number | null;
}

/** What is done to money, in one commit with what it is done for. */
export interface BillingChange {
  account?: Account;
  adjustment?: Adjustment;
  /** New ones, or new states of those that are `reserved`: one that is not is never changed again. */
  charges?: ChargeRecord[];
}

/** Where money is kept, with the calls that it is spent on. */
export interface BillingJournal extends CallJournal {
  commit(change: {
    call?: CallRecord;
    events?: EventDraft[];
    timeline?: TimelineEntry[];
    billing?: BillingChange;
    repeatKey?: RepeatKey | undefined;
    refusable?: boolean;
  }): Promise<void>;
}

/** What the ledger says about a customer. */
export interface LedgerSums {
  customerId: string;
  /** All adjustments less all that was settled. */
  balance: Micros;
  /** What was settled: since the day began, since the month began, and ever. */
  spent: Record<SpendPeriod, Micros>;
}

export interface Usage {
  calls: number;
  billsecSeconds: number;
  cost: Micros;
}

export interface BillingStore {
  /** What billing is begun with. @param day, month when they began. */
  loadBilling(begins: { day: number; month: number }): Promise<{
    accounts: Account[];
    rates: Rate[];
    /** Customers whose account is damaged: whether, and how far, they may call is not known. */
    unusableAccounts: string[];
    /** Damaged rates, as far as they tell what they were for. */
    unusableRates: Pick<Rate, 'customerId' | 'prefix' | 'currency'>[];
    sums: LedgerSums[];
    /** Those of calls that a former process has left open, and whatever else it has left reserved. */
    charges: ChargeRecord[];
  }>;
  saveRate(rate: Rate): Promise<void>;
  deleteRate(id: string): Promise<void>;
  /** Newest first; those for all customers where `customerId` is null. */
  rates(filter: { customerId: string | null }, page: PageRequest): Promise<Page<Rate>>;
  /** Newest first. */
  adjustments(filter: { customerId: string }, page: PageRequest): Promise<Page<Adjustment>>;
  /** An application's calls that were created in `from` ≤ time < `to`, and what those that are over have cost. */
  usage(filter: { applicationId: string; from: number; to: number }): Promise<Usage>;
}
