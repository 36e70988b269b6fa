import type { CallRecord, TimelineEntry } from '../calls/index.ts';
import { formatAmount, type Micros } from '../core/index.ts';
import type { ChargeRecord } from './store.ts';

/** Something that a call is charged for. */
export interface Chargeable {
  /** The cost; undefined until it is settled. */
  readonly cost: Micros | undefined;
  /** Settles it, once. @param call the call, if the end of the call settles it. */
  settle(call?: CallRecord): void;
  /** Returns the row that is stored with this call. */
  record(call: ChargedCall): ChargeRecord;
}

/** What charges need to know of their call. */
export type ChargedCall = Pick<CallRecord, 'id' | 'applicationId' | 'providerCallId'>;

type ChargeStatus = 'reserved' | 'exhausted' | 'settled';

/** The charges of one call while it lasts. */
export class CallCharges {
  /** Undefined until the call is written for the first time. */
  call: ChargedCall | undefined;
  #charges = new Set<Chargeable>();
  #currency: string | null = null;
  /** The sum of charges that are settled and written. */
  #written: Micros = 0;
  #notes: { at: number; charge: Chargeable; status: ChargeStatus }[] = [];

  add(charge: Chargeable, currency: string): void {
    this.#charges.add(charge);
    this.#currency = currency;
  }

  /** Adds a timeline entry, which is written with the next change. */
  note(at: number, charge: Chargeable, status: ChargeStatus): void {
    this.#notes.push({ at, charge, status });
  }

  settle(charge: Chargeable, at: number, call?: CallRecord): void {
    if (charge.cost !== undefined) return;
    charge.settle(call);
    this.note(at, charge, 'settled');
  }

  settleAll(at: number, call?: CallRecord): void {
    for (const charge of this.#charges) this.settle(charge, at, call);
  }

  /** Drops a charge that is settled and written: it is not written again. */
  forget(charge: Chargeable): void {
    if (this.#charges.delete(charge)) this.#written += charge.cost ?? 0;
  }

  /** The cost of the call so far; null for a call that was never charged. */
  get cost(): Pick<CallRecord, 'costAmount' | 'costCurrency'> {
    if (this.#currency === null) return { costAmount: null, costCurrency: null };
    const unwritten = [...this.#charges].reduce((sum, { cost }) => sum + (cost ?? 0), 0);
    return { costAmount: this.#written + unwritten, costCurrency: this.#currency };
  }

  /** Returns the rows to write now. Timeline entries are returned once. */
  takeChange(call: ChargedCall): { billing: { charges: ChargeRecord[] }; timeline: TimelineEntry[] } {
    const charges = [...this.#charges].map((charge) => charge.record(call));
    const timeline = this.#notes.splice(0).map(({ at, charge, status }) => {
      return { callId: call.id, at, kind: 'billing', data: noteData(status, charge.record(call)) };
    });
    return { billing: { charges }, timeline };
  }
}

function noteData(status: ChargeStatus, charge: ChargeRecord): Record<string, unknown> {
  const isSettled = status === 'settled';
  return {
    leg_id: charge.legId,
    destination: charge.destination,
    status: isSettled ? charge.status : status,
    prefix: charge.prefix,
    price_per_minute: formatAmount(charge.pricePerMinute),
    ...(isSettled ? { billed_seconds: charge.billedSeconds } : {}),
    amount: formatAmount(isSettled ? charge.amount : charge.reserved),
    currency: charge.currency,
  };
}
