import type { DialledLeg } from '../calls/index.ts';
import { type Clock, detach, type Micros, type Timer } from '../core/index.ts';
import type { Reservation } from './reservation.ts';
import type { ChargeRecord, Rate } from './store.ts';
import type { Item, TabCall } from './tab.ts';

export interface ChargeParts {
  leg: DialledLeg;
  destination: string;
  customerId: string;
  rate: Rate;
  reservation: Reservation;
  clock: Clock;
}

/** Who follows a charge. */
export interface ChargeListener {
  /** More is reserved, or somebody has answered. */
  changed(): void;
  /** The money for the leg is used up. */
  exhausted(): void;
  /** The leg is over: what it costs is known. */
  ended(): void;
}

/** One leg that costs money, from its dialling to its settlement. */
export class Charge implements Item {
  #parts: ChargeParts;
  #listener: ChargeListener;
  #createdAt: number;
  #answered: { at: number; monotonic: number } | undefined;
  #endedMs: number | undefined;
  #timer: Timer | undefined;
  #settled: { at: number; seconds: number; amount: Micros } | undefined;

  constructor(parts: ChargeParts, listener: ChargeListener) {
    this.#parts = parts;
    this.#listener = listener;
    this.#createdAt = Math.round(parts.clock.now());
    parts.leg.answer().then(
      () => this.#begin(),
      () => {},
    );
    detach(
      'billing.charge',
      parts.leg.ended.then(() => {
        this.#end();
        listener.ended();
      }),
    );
  }

  /** What it has cost; undefined before it is settled. */
  get cost(): Micros | undefined {
    return this.#settled?.amount;
  }

  /** A leg that is still there counts as over. */
  settle(): void {
    if (this.#settled) return;
    this.#end();
    const { reservation, clock } = this.#parts;
    const lasted = this.#answered ? (this.#endedMs ?? 0) : null;
    this.#settled = { at: Math.round(clock.now()), ...reservation.settle(lasted) };
  }

  record({ id: callId, applicationId, providerCallId: callLegId }: TabCall): ChargeRecord {
    const { leg, destination, customerId, rate, reservation } = this.#parts;
    const { prefix, currency, pricePerMinute, firstIncrement, furtherIncrement } = rate;
    return {
      ...{ legId: leg.id, callLegId, callId, customerId, applicationId, destination },
      ...{ prefix, currency, pricePerMinute, firstIncrement, furtherIncrement },
      status: this.#settled ? (this.#answered ? 'settled' : 'released') : 'reserved',
      reserved: reservation.amount,
      amount: this.#settled?.amount ?? 0,
      billedSeconds: this.#settled?.seconds ?? 0,
      createdAt: this.#createdAt,
      answeredAt: this.#answered?.at ?? null,
      settledAt: this.#settled?.at ?? null,
    };
  }

  #begin(): void {
    if (this.#endedMs !== undefined) return;
    const { clock } = this.#parts;
    this.#answered = { at: Math.round(clock.now()), monotonic: clock.monotonic() };
    this.#cover();
  }

  /** Sees to it that there is money for what comes, and asks again when that is used up. */
  #cover = (): void => {
    const { reservation, clock } = this.#parts;
    const lasted = this.#lasted();
    reservation.extend(lasted);
    const left = reservation.coversMs - lasted;
    if (left > 0) {
      this.#timer = clock.after(left, this.#cover);
      this.#listener.changed();
    } else {
      this.#end();
      this.#listener.exhausted();
    }
  };

  #end(): void {
    if (this.#endedMs !== undefined) return;
    this.#timer?.cancel();
    this.#endedMs = this.#lasted();
  }

  #lasted(): number {
    return this.#answered ? this.#parts.clock.monotonic() - this.#answered.monotonic : 0;
  }
}
