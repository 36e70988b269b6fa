import type {
  CallJournal,
  CallRecord,
  EventDraft,
  IdempotencyKey,
  Page,
  PageRequest,
  TimelineEntry,
} from '../calls/index.ts';
import type { Micros } from '../core/index.ts';

/** How a customer is billed and limited. Times are milliseconds since 1970 (UTC). */
export interface Account {
  customerId: string;
  /** ISO 4217. Never changes. */
  currency: string;
  /** Whether calls are charged. The limits on calls apply in either case. */
  billing: boolean;
  /** The most that may be spent in a period; null: limited by the balance only. */
  spendLimit: Micros | null;
  spendPeriod: SpendPeriod;
  /** Outbound legs that may begin in any second; null: unlimited. */
  callsPerSecond: number | null;
  /** Outbound legs that may exist at the same time; null: unlimited. */
  concurrentCalls: number | null;
  updatedAt: number;
}

/** The period of a spend limit, in UTC; `total` never restarts. */
export type SpendPeriod = 'day' | 'month' | 'total';

/** The price of a leg by its duration. */
export interface RateTerms {
  pricePerMinute: Micros;
  /** Seconds that are charged as soon as the leg is answered; at least 1. */
  firstIncrement: number;
  /** Length in seconds of each further charged step; at least 1. */
  furtherIncrement: number;
}

/** The price of calls to destinations that begin with a prefix. */
export interface Rate extends RateTerms {
  id: string;
  /** Null: for every customer without a rate of its own for this prefix. */
  customerId: string | null;
  prefix: string;
  currency: string;
  createdAt: number;
}

/** An amount that the operator added to a customer's balance, or took from it. */
export interface Adjustment {
  id: string;
  customerId: string;
  amount: Micros;
  currency: string;
  note: string;
  createdAt: number;
}

/** The charge for one outbound leg: reserved when dialed, settled once, or released when not answered. */
export interface ChargeRecord extends RateTerms {
  legId: string;
  /** The call's own leg: this leg, or the one that this leg was dialed for. */
  callLegId: string;
  callId: string;
  customerId: string;
  applicationId: string;
  destination: string;
  prefix: string;
  currency: string;
  status: 'reserved' | 'settled' | 'released';
  /** Reserved while the leg lasts. */
  reserved: Micros;
  /** The cost; 0 until the charge is settled. */
  amount: Micros;
  billedSeconds: number;
  createdAt: number;
  answeredAt: number | null;
  settledAt: number | null;
}

/** Billing rows that are written in the same commit as the change that causes them. */
export interface BillingChange {
  account?: Account;
  adjustment?: Adjustment;
  /** New charges, or new states of `reserved` ones: a settled or released charge never changes again. */
  charges?: ChargeRecord[];
}

/** A call journal that also writes billing rows. */
export interface BillingJournal extends CallJournal {
  commit(change: {
    call?: CallRecord;
    events?: EventDraft[];
    timeline?: TimelineEntry[];
    billing?: BillingChange;
    idempotencyKey?: IdempotencyKey | undefined;
    refusable?: boolean;
  }): Promise<void>;
}

/** A customer's sums over the ledger. */
export interface LedgerSums {
  customerId: string;
  /** All adjustments minus all settled charges. */
  balance: Micros;
  /** Settled charges: since the day began, since the month began, and in total. */
  spent: Record<SpendPeriod, Micros>;
}

/** Calls of an application in a period, with their billed seconds and cost. */
export interface Usage {
  calls: number;
  billsecSeconds: number;
  cost: Micros;
}

/** Stores accounts, rates, adjustments and charges. */
export interface BillingStore {
  /** Reads the state that billing starts with. @param begins when the current day and month began. */
  loadBilling(begins: { day: number; month: number }): Promise<{
    accounts: Account[];
    rates: Rate[];
    /** Customers whose account is damaged: their permission to call and their limits are unknown. */
    unusableAccounts: string[];
    /** Damaged rates, if their destination can still be read. */
    unusableRates: Pick<Rate, 'customerId' | 'prefix' | 'currency'>[];
    sums: LedgerSums[];
    /** Charges of calls that a previous process left open, and every other `reserved` charge. */
    charges: ChargeRecord[];
  }>;
  saveRate(rate: Rate): Promise<void>;
  deleteRate(id: string): Promise<void>;
  /** Newest first; `customerId` null lists the rates for every customer. */
  rates(filter: { customerId: string | null }, page: PageRequest): Promise<Page<Rate>>;
  /** Newest first. */
  adjustments(filter: { customerId: string }, page: PageRequest): Promise<Page<Adjustment>>;
  /** Sums an application's calls created in `from` ≤ time < `to`, and the cost of those that have ended. */
  usage(filter: { applicationId: string; from: number; to: number }): Promise<Usage>;
}
