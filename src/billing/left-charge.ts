import type { CallRecord } from '../calls/index.ts';
import type { Clock } from '../core/index.ts';
import { billedSeconds, priceOf } from './price.ts';
import type { Purse } from './purse.ts';
import type { ChargeRecord } from './store.ts';
import type { Item, TabCall } from './tab.ts';

/** A leg that went down with a former process: paid by what the call's record says, and what was reserved. */
export class LeftCharge implements Item {
  #record: ChargeRecord;
  #purse: Purse;
  #clock: Clock;

  constructor(record: ChargeRecord, purse: Purse, clock: Clock) {
    this.#record = record;
    this.#purse = purse;
    this.#clock = clock;
    if (record.status === 'reserved') purse.inherit(record.reserved);
  }

  get callLegId(): string {
    return this.#record.callLegId;
  }

  get call(): TabCall {
    const { callId: id, applicationId, callLegId: providerCallId } = this.#record;
    return { id, applicationId, providerCallId };
  }

  get currency(): string {
    return this.#record.currency;
  }

  get cost(): number | undefined {
    return this.#record.status === 'reserved' ? undefined : this.#record.amount;
  }

  settle(call?: CallRecord): void {
    const { legId, callLegId, reserved } = this.#record;
    const answeredAt = this.#record.answeredAt ?? (legId === callLegId ? (call?.answeredAt ?? null) : null);
    const paid = answeredAt === null ? null : this.#paid((call?.endedAt ?? answeredAt) - answeredAt);
    this.#purse.settle(reserved, paid?.amount ?? 0);
    this.#record = {
      ...this.#record,
      ...paid,
      answeredAt,
      status: paid ? 'settled' : 'released',
      settledAt: Math.round(this.#clock.now()),
    };
  }

  record(): ChargeRecord {
    return this.#record;
  }

  /** The call's record ends with the restart: however late that came, no more is paid than was reserved. */
  #paid(ms: number): Pick<ChargeRecord, 'amount' | 'billedSeconds'> {
    const { reserved, pricePerMinute } = this.#record;
    const seconds = billedSeconds(this.#record, Math.max(0, ms));
    const amount = priceOf(this.#record, seconds);
    if (amount <= reserved) return { amount, billedSeconds: seconds };
    return { amount: reserved, billedSeconds: Math.floor((reserved * 60) / pricePerMinute) };
  }
}
