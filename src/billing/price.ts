import type { Micros } from '../core/index.ts';

/** What a leg costs as it lasts. */
export interface Terms {
  pricePerMinute: Micros;
  /** Seconds that are paid for as soon as somebody answers; at least 1. */
  firstIncrement: number;
  /** What is paid for after that comes in steps of so many seconds; at least 1. */
  furtherIncrement: number;
}

/** The seconds that are paid for when a leg has lasted for so long: whole increments, the first one at least. */
export function billedSeconds({ firstIncrement, furtherIncrement }: Terms, ms: number): number {
  const further = Math.max(0, Math.ceil(ms / 1000) - firstIncrement);
  return firstIncrement + Math.ceil(further / furtherIncrement) * furtherIncrement;
}

/** What so many seconds cost, rounded up to a millionth. */
export function priceOf({ pricePerMinute }: Terms, seconds: number): Micros {
  // The product may be beyond the safe integers where the price is not.
  return Number((BigInt(pricePerMinute) * BigInt(seconds) + 59n) / 60n);
}
