import type { CallRecord, TimelineEntry } from '../calls/index.ts';
import { formatAmount, type Micros } from '../core/index.ts';
import type { ChargeRecord } from './store.ts';

/** Something that a call owes for, as its tab sees it. */
export interface Item {
  /** What it has cost; undefined before it is settled. */
  readonly cost: Micros | undefined;
  /** Pays, once. @param call the call, where it is the call's end that settles it. */
  settle(call?: CallRecord): void;
  /** As it is kept with this call. */
  record(call: TabCall): ChargeRecord;
}

export type TabCall = Pick<CallRecord, 'id' | 'applicationId' | 'providerCallId'>;

/** What one call owes while it lasts. */
export class Tab {
  /** Undefined until the call is written for the first time. */
  call: TabCall | undefined;
  #items = new Set<Item>();
  #currency: string | null = null;
  /** What was settled and written before. */
  #paid: Micros = 0;
  #notes: { at: number; item: Item; status: string }[] = [];

  add(item: Item, currency: string): void {
    this.#items.add(item);
    this.#currency = currency;
  }

  /** A line for the timeline, written with the next change. */
  note(at: number, item: Item, status: 'reserved' | 'exhausted' | 'settled'): void {
    this.#notes.push({ at, item, status });
  }

  settle(item: Item, at: number, call?: CallRecord): void {
    if (item.cost !== undefined) return;
    item.settle(call);
    this.note(at, item, 'settled');
  }

  settleAll(at: number, call?: CallRecord): void {
    for (const item of this.#items) this.settle(item, at, call);
  }

  /** An item that was settled, and is written: it need not be written again. */
  forget(item: Item): void {
    if (this.#items.delete(item)) this.#paid += item.cost ?? 0;
  }

  /** Of a call that was never charged, nothing. */
  get cost(): Pick<CallRecord, 'costAmount' | 'costCurrency'> {
    if (this.#currency === null) return { costAmount: null, costCurrency: null };
    const items = [...this.#items].reduce((sum, { cost }) => sum + (cost ?? 0), 0);
    return { costAmount: this.#paid + items, costCurrency: this.#currency };
  }

  /** What is to be written of it now. */
  takeChange(call: TabCall): { billing: { charges: ChargeRecord[] }; timeline: TimelineEntry[] } {
    const charges = [...this.#items].map((item) => item.record(call));
    const notes = this.#notes.splice(0).map(({ at, item, status }) => {
      return { callId: call.id, at, kind: 'billing', data: noteData(status, item.record(call)) };
    });
    return { billing: { charges }, timeline: notes };
  }
}

function noteData(status: string, charge: ChargeRecord): Record<string, unknown> {
  const isOver = status === 'settled';
  return {
    leg_id: charge.legId,
    destination: charge.destination,
    status: isOver ? charge.status : status,
    prefix: charge.prefix,
    price_per_minute: formatAmount(charge.pricePerMinute),
    ...(isOver ? { billed_seconds: charge.billedSeconds } : {}),
    amount: formatAmount(isOver ? charge.amount : charge.reserved),
    currency: charge.currency,
  };
}
