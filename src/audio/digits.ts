/** RFC 4733 §3.2: the events 0–15, in order. */
export const DIGITS = '0123456789*#ABCD';

/** ITU-T Q.23: a key is a row and a column. */
export const ROWS = [697, 770, 852, 941] as const;
export const COLUMNS = [1209, 1336, 1477, 1633] as const;
const KEYPAD = '123A456B789C*0#D';

/** The key of a row and a column, 0–3 each. */
export const keyAt = (row: number, column: number): string => KEYPAD[row * 4 + column]!;

/** The two frequencies of a digit in Hz, or null when it is none of the sixteen. */
export function frequenciesOf(digit: string): [row: number, column: number] | null {
  const place = digit.length === 1 ? KEYPAD.indexOf(digit) : -1;
  return place < 0 ? null : [ROWS[place >> 2]!, COLUMNS[place & 3]!];
}

/** One key press of the far end, when it is complete. */
export interface Digit {
  /** One of `0-9 * # A-D`. */
  digit: string;
  durationMs: number;
}
