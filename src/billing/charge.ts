import type { DialedLeg } from '../calls/index.ts';
import { type Clock, detach, type Micros, type Timer } from '../core/index.ts';
import type { Chargeable, ChargedCall } from './call-charges.ts';
import type { Reservation } from './reservation.ts';
import type { ChargeRecord, Rate } from './store.ts';

export interface ChargeParts {
  leg: DialedLeg;
  destination: string;
  customerId: string;
  rate: Rate;
  reservation: Reservation;
  clock: Clock;
}

/** Receives the changes of a charge. */
export interface ChargeListener {
  /** The leg was answered, or the reservation has grown. */
  changed(): void;
  /** The money for the leg is used up. */
  exhausted(): void;
  /** The leg has ended: its cost is known. */
  ended(): void;
}

/** The charge for one leg of this process, from dialing to settlement. */
export class Charge implements Chargeable {
  #parts: ChargeParts;
  #listener: ChargeListener;
  #createdAt: number;
  #answered: { at: number; monotonic: number } | undefined;
  #durationMs: number | undefined;
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

  /** The cost; undefined until the charge is settled. */
  get cost(): Micros | undefined {
    return this.#settled?.amount;
  }

  /** Settles the charge. A leg that still exists counts as ended. */
  settle(): void {
    if (this.#settled) return;
    this.#end();
    const { reservation, clock } = this.#parts;
    const durationMs = this.#answered ? (this.#durationMs ?? 0) : null;
    this.#settled = { at: Math.round(clock.now()), ...reservation.settle(durationMs) };
  }

  record({ id: callId, applicationId, providerCallId: callLegId }: ChargedCall): ChargeRecord {
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
    if (this.#durationMs !== undefined) return;
    const { clock } = this.#parts;
    this.#answered = { at: Math.round(clock.now()), monotonic: clock.monotonic() };
    this.#cover();
  }

  /** Extends the reservation, and runs again when that is used up. Ends the charge when nothing is left. */
  #cover = (): void => {
    const { reservation, clock } = this.#parts;
    const elapsedMs = this.#elapsedMs();
    reservation.extend(elapsedMs);
    const left = reservation.coversMs - elapsedMs;
    if (left > 0) {
      this.#timer = clock.after(left, this.#cover);
      this.#listener.changed();
    } else {
      this.#end();
      this.#listener.exhausted();
    }
  };

  #end(): void {
    if (this.#durationMs !== undefined) return;
    this.#timer?.cancel();
    this.#durationMs = this.#elapsedMs();
  }

  #elapsedMs(): number {
    return this.#answered ? this.#parts.clock.monotonic() - this.#answered.monotonic : 0;
  }
}
