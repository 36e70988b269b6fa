import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatAmount, parseAmount } from './index.ts';

it.each([
  ['12.50', 12_500_000],
  ['12.5', 12_500_000],
  ['0', 0],
  ['-0', 0],
  ['-0.000001', -1],
  ['999999999.999999', 999_999_999_999_999],
])('parses %s', (text, micros) => expect(parseAmount(text)).toBe(micros));

it.each(['', '.5', '1.', '1.0000001', '1e3', '1234567890', '+1', ' 1', '1,50', '--1', 'NaN'])(
  'rejects %j',
  (text) => expect(parseAmount(text)).toBeUndefined(),
);

it.each([
  [12_500_000, '12.50'],
  [0, '0.00'],
  [1, '0.000001'],
  [-20_000, '-0.02'],
  [12_500, '0.0125'],
  [1_000_000_000, '1000.00'],
])('formats %d as %s', (micros, text) => expect(formatAmount(micros)).toBe(text));

it('parses every amount that it formats', () => {
  const amount = fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 });
  fc.assert(fc.property(amount, (micros) => parseAmount(formatAmount(micros)) === micros));
});
