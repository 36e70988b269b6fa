import { type Clock, Failure, type Ids, type Random } from '../core/index.ts';

/** What every part of the directory needs to create rows. */
export interface DirectoryDeps {
  clock: Clock;
  ids: Ids;
  random: Random;
  /** @throws Failure `customer_not_found`. */
  requireCustomer(id: string): void;
}

/** Fields that may be given or left out; undefined counts as left out. */
export type Changes<T> = { [K in keyof T]?: T[K] | undefined };

/** Returns the row with the given fields replaced. */
export function withChanges<T extends object>(row: T, changes: Changes<T>): T {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  return { ...row, ...Object.fromEntries(given) };
}

/**
 * Checks that a customer may create one more row. All rows are in memory, and one customer must not fill it.
 * @throws Failure `limit_reached`.
 */
export function requireBelowLimit(
  rows: Iterable<{ customerId: string | null }>,
  customerId: string,
  limit: number,
): void {
  let count = 0;
  for (const row of rows) if (row.customerId === customerId) count++;
  if (count >= limit) throw new Failure('limit_reached', `a customer has at most ${limit} of these`);
}
