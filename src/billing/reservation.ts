import type { Micros } from '../core/index.ts';
import { Failure } from '../core/index.ts';
import type { CustomerAccount } from './customer-account.ts';
import type { RateTerms } from './store.ts';
import { billedSeconds, priceOf } from './tariff.ts';

/** How far a reservation is extended beyond the need. Each leg causes one write per this period. */
const AHEAD_MS = 30_000;

/** The money reserved for one leg. It grows while the leg lasts; at the end the unused rest is released. */
export class Reservation {
  #account: CustomerAccount;
  #terms: RateTerms;
  #seconds: number;
  #amount: Micros;

  /** Reserves the price of the first increment. Fails with `insufficient_balance`. */
  constructor(account: CustomerAccount, terms: RateTerms) {
    this.#account = account;
    this.#terms = terms;
    this.#seconds = terms.firstIncrement;
    this.#amount = priceOf(terms, terms.firstIncrement);
    if (!account.reserve(this.#amount)) {
      throw new Failure('insufficient_balance', 'balance is too low to create call');
    }
  }

  get amount(): Micros {
    return this.#amount;
  }

  /** How long the leg may last, in milliseconds. */
  get coversMs(): number {
    return this.#seconds * 1000;
  }

  /** Reserves enough for a while after `ms`, or as much as the account allows. */
  extend(ms: number): void {
    let seconds = billedSeconds(this.#terms, ms + AHEAD_MS);
    for (; seconds > this.#seconds; seconds -= this.#terms.furtherIncrement) {
      const amount = priceOf(this.#terms, seconds);
      if (!this.#account.reserve(amount - this.#amount)) continue;
      this.#seconds = seconds;
      this.#amount = amount;
      return;
    }
  }

  /** Pays for a leg that lasted `ms` and releases the rest; null: the leg was not answered. */
  settle(ms: number | null): { seconds: number; amount: Micros } {
    const seconds = ms === null ? 0 : billedSeconds(this.#terms, Math.min(ms, this.coversMs));
    const amount = priceOf(this.#terms, seconds);
    this.#account.settle(this.#amount, amount);
    return { seconds, amount };
  }
}
