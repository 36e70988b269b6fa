import type { Micros } from '../core/index.ts';
import { type Clock, Failure } from '../core/index.ts';
import type { Account, LedgerSums, SpendPeriod } from './store.ts';

/**
 * A customer's balance, reservations and limits, in memory. Every check and every reservation completes within one
 * turn of the event loop, so two legs cannot reserve the same money. Settled and reserved amounts together never exceed
 * the balance or the spend limit.
 */
export class CustomerAccount {
  /** The settings that the operator made last. */
  settings: Account;
  #clock: Clock;
  #balance: Micros;
  #spending: Spending;
  #reserved: Micros = 0;
  /** Begin times of the legs of the last second, by the monotonic clock. */
  #begun: number[] = [];
  #legs = 0;

  constructor(settings: Account, clock: Clock, sums?: LedgerSums) {
    this.settings = settings;
    this.#clock = clock;
    this.#balance = sums?.balance ?? 0;
    this.#spending = new Spending(sums?.spent ?? { day: 0, month: 0, total: 0 }, clock.now());
  }

  get balance(): Micros {
    return this.#balance;
  }

  get reserved(): Micros {
    return this.#reserved;
  }

  /** Settled in the period of the spend limit. */
  get spent(): Micros {
    return this.#spending.in(this.settings.spendPeriod, this.#clock.now());
  }

  /**
   * Throws what `adjust` would throw. Fails with `insufficient_balance` when the amount is reserved, and with
   * `invalid_request` when the balance would no longer be exact.
   */
  requireAdjustable(amount: Micros): void {
    if (amount < 0 && this.#balance + amount < this.#reserved) {
      throw new Failure(
        'insufficient_balance',
        'the balance is lower than the amount, or reserved for calls',
      );
    }
    if (!Number.isSafeInteger(this.#balance + amount)) {
      throw new Failure('invalid_request', 'the balance would be too large to be exact');
    }
  }

  /** Adds to the balance, or takes from it. Fails as `requireAdjustable` does. */
  adjust(amount: Micros): void {
    this.requireAdjustable(amount);
    this.#balance += amount;
  }

  /** Fails with `spend_control_exceeded` or `insufficient_balance` when this amount cannot be reserved. */
  requireMoney(amount: Micros): void {
    if (this.#spendLeft < amount) {
      throw new Failure('spend_control_exceeded', 'outbound spend limit exceeded');
    }
    if (this.#balance - this.#reserved < amount) {
      throw new Failure('insufficient_balance', 'balance is too low to create call');
    }
  }

  /** Fails with `cps_limit_reached` or `concurrent_call_limit_reached` when no other leg may begin now. */
  requireCapacity(): void {
    const { callsPerSecond, concurrentCalls } = this.settings;
    const now = this.#clock.monotonic();
    this.#begun = this.#begun.filter((at) => at > now - 1000);
    if (callsPerSecond !== null && this.#begun.length >= callsPerSecond) {
      throw new Failure('cps_limit_reached', `no more than ${callsPerSecond} calls may begin in a second`);
    }
    if (concurrentCalls !== null && this.#legs >= concurrentCalls) {
      throw new Failure('concurrent_call_limit_reached', `no more than ${concurrentCalls} calls at a time`);
    }
  }

  /** Counts a leg that begins. */
  legBegins(): void {
    this.#begun.push(this.#clock.monotonic());
    this.#legs += 1;
  }

  /** Stops counting a leg that has ended. */
  legEnds(): void {
    this.#legs -= 1;
  }

  /** Reserves the amount. @returns false when the balance or the spend limit does not allow it. */
  reserve(amount: Micros): boolean {
    if (amount > Math.min(this.#spendLeft, this.#balance - this.#reserved)) return false;
    this.#reserved += amount;
    return true;
  }

  /** Restores a reservation of a previous process, whatever the balance is now. */
  restoreReservation(amount: Micros): void {
    this.#reserved += amount;
  }

  /** Pays `amount` out of a reservation, and releases the rest of it. */
  settle(reserved: Micros, amount: Micros): void {
    this.#reserved -= reserved;
    this.#balance -= amount;
    this.#spending.add(amount, this.#clock.now());
  }

  get #spendLeft(): Micros {
    const { spendLimit } = this.settings;
    return spendLimit === null ? Number.POSITIVE_INFINITY : spendLimit - this.spent - this.#reserved;
  }
}

/** Returns when the day and the month of a moment began, in UTC. */
export function periodsAt(now: number): { day: number; month: number } {
  const date = new Date(now);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { day: Date.UTC(year, month, date.getUTCDate()), month: Date.UTC(year, month) };
}

/** Sums what a customer spends in the current day, the current month, and in total. */
export class Spending {
  #begun: { day: number; month: number };
  #spent: Record<SpendPeriod, Micros>;

  constructor(spent: Record<SpendPeriod, Micros>, now: number) {
    this.#spent = { ...spent };
    this.#begun = periodsAt(now);
  }

  in(period: SpendPeriod, now: number): Micros {
    this.#startPeriods(now);
    return this.#spent[period];
  }

  add(amount: Micros, now: number): void {
    this.#startPeriods(now);
    for (const period of ['day', 'month', 'total'] as const) this.#spent[period] += amount;
  }

  /** Resets the sums of periods that are over. A clock that is set back starts no period again. */
  #startPeriods(now: number): void {
    const begun = periodsAt(now);
    for (const period of ['day', 'month'] as const) {
      if (begun[period] <= this.#begun[period]) continue;
      this.#begun[period] = begun[period];
      this.#spent[period] = 0;
    }
  }
}
