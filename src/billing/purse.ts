import type { Micros } from '../core/index.ts';
import { type Clock, Failure } from '../core/index.ts';
import { Spending } from './spending.ts';
import type { Account, LedgerSums } from './store.ts';

/**
 * What a customer has at this moment, in memory: every question is answered, and every amount taken, within one
 * turn of the event loop, so that no two legs can hold the same money. What is settled and what is reserved never
 * pass the balance or the spend limit together.
 */
export class Purse {
  /** As the operator has set it last. */
  account: Account;
  #clock: Clock;
  #balance: Micros;
  #spending: Spending;
  #reserved: Micros = 0;
  /** When legs were begun, by the monotonic clock; those of the last second. */
  #begun: number[] = [];
  #legs = 0;

  constructor(account: Account, clock: Clock, sums?: LedgerSums) {
    this.account = account;
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

  /** What was settled in the period that counts for the spend limit. */
  get spent(): Micros {
    return this.#spending.in(this.account.spendPeriod, this.#clock.now());
  }

  /**
   * Throws what `adjust` would throw: `insufficient_balance` when the amount is reserved, `invalid_request` when the
   * balance would no longer be exact.
   */
  requireAdjustable(amount: Micros): void {
    if (amount < 0 && this.#balance + amount < this.#reserved) {
      throw new Failure('insufficient_balance', 'the balance is lower than that, or reserved for calls');
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

  /** Fails with `spend_control_exceeded` or `insufficient_balance` when so much cannot be reserved. */
  requireMoney(amount: Micros): void {
    if (this.#spendLeft < amount) {
      throw new Failure('spend_control_exceeded', 'outbound spend limit exceeded');
    }
    if (this.#balance - this.#reserved < amount) {
      throw new Failure('insufficient_balance', 'balance is too low to create call');
    }
  }

  /** Fails with `cps_limit_reached` or `concurrent_call_limit_reached` when no other leg may begin now. */
  requireRoom(): void {
    const { callsPerSecond, concurrentCalls } = this.account;
    const now = this.#clock.monotonic();
    this.#begun = this.#begun.filter((at) => at > now - 1000);
    if (callsPerSecond !== null && this.#begun.length >= callsPerSecond) {
      throw new Failure('cps_limit_reached', `no more than ${callsPerSecond} calls may begin in a second`);
    }
    if (concurrentCalls !== null && this.#legs >= concurrentCalls) {
      throw new Failure('concurrent_call_limit_reached', `no more than ${concurrentCalls} calls at a time`);
    }
  }

  /** A leg begins. */
  enter(): void {
    this.#begun.push(this.#clock.monotonic());
    this.#legs += 1;
  }

  /** A leg is over. */
  leave(): void {
    this.#legs -= 1;
  }

  /** Reserves, if there is enough. */
  reserve(amount: Micros): boolean {
    if (amount > Math.min(this.#spendLeft, this.#balance - this.#reserved)) return false;
    this.#reserved += amount;
    return true;
  }

  /** What a former process has reserved, whatever there is now. */
  inherit(reserved: Micros): void {
    this.#reserved += reserved;
  }

  /** Pays `amount` out of what was reserved, and gives the rest free. */
  settle(reserved: Micros, amount: Micros): void {
    this.#reserved -= reserved;
    this.#balance -= amount;
    this.#spending.add(amount, this.#clock.now());
  }

  get #spendLeft(): Micros {
    const { spendLimit } = this.account;
    return spendLimit === null ? Number.POSITIVE_INFINITY : spendLimit - this.spent - this.#reserved;
  }
}
