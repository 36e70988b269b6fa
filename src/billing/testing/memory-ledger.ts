import type { CallRecord, EventDraft, TimelineEntry } from '../../calls/index.ts';
import type {
  Account,
  Adjustment,
  BillingChange,
  BillingJournal,
  BillingStore,
  ChargeRecord,
  LedgerSums,
  Rate,
} from '../index.ts';

/** One commit, as it was written. */
export interface LedgerCommit {
  call?: CallRecord;
  events?: EventDraft[];
  timeline?: TimelineEntry[];
  billing?: BillingChange;
  refusable?: boolean;
}

/** A billing store and journal in memory that outlives a simulated process. */
export class MemoryLedger implements BillingStore, BillingJournal {
  readonly commits: LedgerCommit[] = [];
  readonly calls = new Map<string, CallRecord>();
  readonly charges = new Map<string, ChargeRecord>();
  readonly accounts = new Map<string, Account>();
  readonly adjustmentRows: Adjustment[] = [];
  #rates = new Map<string, Rate>();
  /** Makes every commit fail, as on a full disk. */
  broken = false;
  #dead = false;

  /** Stops all writes of this process. @returns the ledger that the next process finds. */
  kill(): MemoryLedger {
    this.#dead = true;
    const left = new MemoryLedger();
    for (const commit of this.commits) left.#write(commit);
    for (const rate of this.#rates.values()) left.#rates.set(rate.id, rate);
    return left;
  }

  async commit(change: LedgerCommit): Promise<void> {
    if (this.broken) throw new Error('the disk is full');
    if (this.#dead) return new Promise(() => {});
    this.#write(structuredClone(change));
  }

  #write(change: LedgerCommit): void {
    this.commits.push(change);
    const { call, billing = {} } = change;
    if (call) this.calls.set(call.id, call);
    if (billing.account) this.accounts.set(billing.account.customerId, billing.account);
    if (billing.adjustment) this.adjustmentRows.push(billing.adjustment);
    for (const charge of billing.charges ?? []) {
      const kept = this.charges.get(charge.legId);
      if (!kept || kept.status === 'reserved') this.charges.set(charge.legId, charge);
    }
  }

  async loadBilling({ day, month }: { day: number; month: number }) {
    const open = (callId: string) => this.calls.get(callId)?.endedAt === null;
    return {
      unusableAccounts: [],
      unusableRates: [],
      accounts: [...this.accounts.values()],
      rates: [...this.#rates.values()],
      sums: [...this.accounts.keys()].map((customerId) => this.#sums(customerId, day, month)),
      charges: [...this.charges.values()].filter(
        ({ callId, status }) => status === 'reserved' || open(callId),
      ),
    };
  }

  async openCalls(): Promise<CallRecord[]> {
    return [...this.calls.values()].filter(({ endedAt }) => endedAt === null);
  }

  async saveRate(rate: Rate): Promise<void> {
    this.#rates.set(rate.id, rate);
  }

  async deleteRate(id: string): Promise<void> {
    this.#rates.delete(id);
  }

  async rates() {
    return { data: [...this.#rates.values()], nextCursor: null };
  }

  async adjustments() {
    return { data: this.adjustmentRows, nextCursor: null };
  }

  async usage() {
    return { calls: this.calls.size, billsecSeconds: 0, cost: 0 };
  }

  #sums(customerId: string, day: number, month: number): LedgerSums {
    const settled = [...this.charges.values()].filter((charge) => charge.customerId === customerId);
    const since = (begin: number) =>
      settled.reduce((sum, { amount, settledAt }) => sum + ((settledAt ?? -1) >= begin ? amount : 0), 0);
    const credited = this.adjustmentRows.reduce((sum, { amount }) => sum + amount, 0);
    const total = since(0);
    return { customerId, balance: credited - total, spent: { total, month: since(month), day: since(day) } };
  }
}
