import type { Micros } from '../core/index.ts';
import { Failure } from '../core/index.ts';
import { billedSeconds, priceOf, type Terms } from './price.ts';
import type { Purse } from './purse.ts';

/** How much further than needed a reservation is extended: a write for each leg in so many milliseconds. */
const AHEAD_MS = 30_000;

/** The money held for one leg: more is taken as it lasts, and what was not needed is given back at its end. */
export class Reservation {
  #purse: Purse;
  #terms: Terms;
  #seconds: number;
  #amount: Micros;

  /** Holds what the first increment costs. Fails with `insufficient_balance`. */
  constructor(purse: Purse, terms: Terms) {
    this.#purse = purse;
    this.#terms = terms;
    this.#seconds = terms.firstIncrement;
    this.#amount = priceOf(terms, terms.firstIncrement);
    if (!purse.reserve(this.#amount)) {
      throw new Failure('insufficient_balance', 'balance is too low to create call');
    }
  }

  get amount(): Micros {
    return this.#amount;
  }

  /** For how long the leg may last. */
  get coversMs(): number {
    return this.#seconds * 1000;
  }

  /** Takes enough to go on for a while after `ms`, or as much as there is. */
  extend(ms: number): void {
    let seconds = billedSeconds(this.#terms, ms + AHEAD_MS);
    for (; seconds > this.#seconds; seconds -= this.#terms.furtherIncrement) {
      const amount = priceOf(this.#terms, seconds);
      if (!this.#purse.reserve(amount - this.#amount)) continue;
      this.#seconds = seconds;
      this.#amount = amount;
      return;
    }
  }

  /** Pays for a leg that has lasted for `ms`, and gives the rest back; null: nobody answered. */
  settle(ms: number | null): { seconds: number; amount: Micros } {
    const seconds = ms === null ? 0 : billedSeconds(this.#terms, Math.min(ms, this.coversMs));
    const amount = priceOf(this.#terms, seconds);
    this.#purse.settle(this.#amount, amount);
    return { seconds, amount };
  }
}
