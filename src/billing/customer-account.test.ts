import { expect, it } from 'vitest';
import { Spending } from './customer-account.ts';

const at = (text: string) => Date.parse(`${text}Z`);

it('restarts spending with the day and the month in UTC, and never in total', () => {
  const spending = new Spending({ day: 1, month: 2, total: 3 }, at('2026-05-30T23:59:59.999'));
  const spent = (text: string) =>
    (['day', 'month', 'total'] as const).map((period) => spending.in(period, at(text)));
  expect(spent('2026-05-30T23:59:59.999')).toEqual([1, 2, 3]);
  expect(spent('2026-05-31T00:00')).toEqual([0, 2, 3]);
  spending.add(10, at('2026-05-31T12:00'));
  expect(spent('2026-05-31T13:00')).toEqual([10, 12, 13]);
  expect(spent('2026-06-01T00:00')).toEqual([0, 0, 13]);
});

it('does not restart spending when the clock is set back', () => {
  const spending = new Spending({ day: 5, month: 5, total: 5 }, at('2026-05-31T12:00'));
  expect(spending.in('day', at('2026-05-30T12:00'))).toBe(5);
  expect(spending.in('day', at('2026-05-31T12:00'))).toBe(5);
});
