/**
 * An amount of money in whole millionths (10⁻⁶) of a currency unit, so that sums are exact. Safe integers hold up to
 * nine billion units.
 */
export type Micros = number;

const AMOUNT = /^(-?)(\d{1,9})(?:\.(\d{1,6}))?$/;

/** Parses `"12.50"`; undefined unless it has 1–9 digits before the point and at most 6 after it. */
export function parseAmount(text: string): Micros | undefined {
  const [, sign, units, fraction = ''] = AMOUNT.exec(text) ?? [];
  if (units === undefined) return undefined;
  const micros = Number(units) * 1_000_000 + Number(fraction.padEnd(6, '0'));
  return sign && micros > 0 ? -micros : micros;
}

/** Formats an amount with at least two digits after the point: `12.50`, `0.0125`. */
export function formatAmount(micros: Micros): string {
  const digits = String(Math.abs(micros)).padStart(7, '0');
  const fraction = digits.slice(-6).replace(/0{1,4}$/, '');
  return `${micros < 0 ? '-' : ''}${digits.slice(0, -6)}.${fraction}`;
}
