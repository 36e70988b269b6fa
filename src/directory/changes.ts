/** Fields that may be given or left out; one that is undefined counts as left out. */
export type Some<T> = { [K in keyof T]?: T[K] | undefined };

/** The row with those fields changed that are given. */
export function changed<T extends object>(row: T, changes: Some<T>): T {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  return { ...row, ...Object.fromEntries(given) };
}
