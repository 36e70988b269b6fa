import type { CallRecord } from '../calls/index.ts';
import type { Clock } from '../core/index.ts';
import type { Chargeable, ChargedCall } from './call-charges.ts';
import type { CustomerAccount } from './customer-account.ts';
import type { ChargeRecord } from './store.ts';
import { billedSeconds, priceOf } from './tariff.ts';

/** The charge for a leg of a previous process, settled by the call's record and the reserved amount. */
export class RecoveredCharge implements Chargeable {
  #record: ChargeRecord;
  #account: CustomerAccount;
  #clock: Clock;

  constructor(record: ChargeRecord, account: CustomerAccount, clock: Clock) {
    this.#record = record;
    this.#account = account;
    this.#clock = clock;
    if (record.status === 'reserved') account.restoreReservation(record.reserved);
  }

  get callLegId(): string {
    return this.#record.callLegId;
  }

  get call(): ChargedCall {
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
    const price = answeredAt === null ? null : this.#priceOf((call?.endedAt ?? answeredAt) - answeredAt);
    this.#account.settle(reserved, price?.amount ?? 0);
    this.#record = {
      ...this.#record,
      ...price,
      answeredAt,
      status: price ? 'settled' : 'released',
      settledAt: Math.round(this.#clock.now()),
    };
  }

  record(): ChargeRecord {
    return this.#record;
  }

  /** The price never exceeds the reservation, however late the restart ended the call's record. */
  #priceOf(ms: number): Pick<ChargeRecord, 'amount' | 'billedSeconds'> {
    const { reserved, pricePerMinute } = this.#record;
    const seconds = billedSeconds(this.#record, Math.max(0, ms));
    const amount = priceOf(this.#record, seconds);
    if (amount <= reserved) return { amount, billedSeconds: seconds };
    return { amount: reserved, billedSeconds: Math.floor((reserved * 60) / pricePerMinute) };
  }
}
