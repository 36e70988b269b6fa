import type { Micros } from '../core/index.ts';
import type { SpendPeriod } from './store.ts';

/** When the day and the month of a moment began, by UTC. */
export function periodsAt(now: number): { day: number; month: number } {
  const date = new Date(now);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { day: Date.UTC(year, month, date.getUTCDate()), month: Date.UTC(year, month) };
}

/** What a customer has spent in the day and the month that it is, and ever. */
export class Spending {
  #begun: { day: number; month: number };
  #spent: Record<SpendPeriod, Micros>;

  constructor(spent: Record<SpendPeriod, Micros>, now: number) {
    this.#spent = { ...spent };
    this.#begun = periodsAt(now);
  }

  in(period: SpendPeriod, now: number): Micros {
    this.#turn(now);
    return this.#spent[period];
  }

  add(amount: Micros, now: number): void {
    this.#turn(now);
    for (const period of ['day', 'month', 'total'] as const) this.#spent[period] += amount;
  }

  /** A clock that was set back begins no period anew. */
  #turn(now: number): void {
    const begun = periodsAt(now);
    for (const period of ['day', 'month'] as const) {
      if (begun[period] <= this.#begun[period]) continue;
      this.#begun[period] = begun[period];
      this.#spent[period] = 0;
    }
  }
}
