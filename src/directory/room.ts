import { Failure } from '../core/index.ts';

/** Who may make things by himself does not fill the memory of all. Fails with `limit_reached`. */
export function requireRoom(
  rows: Iterable<{ customerId: string | null }>,
  customerId: string,
  most: number,
): void {
  let count = 0;
  for (const row of rows) if (row.customerId === customerId) count++;
  if (count >= most) throw new Failure('limit_reached', `a customer has at most ${most} of these`);
}
