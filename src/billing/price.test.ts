import { describe, expect, it } from 'vitest';
import { billedSeconds, priceOf, type Terms } from './price.ts';

const terms = (firstIncrement: number, furtherIncrement: number, pricePerMinute = 60_000): Terms => ({
  firstIncrement,
  furtherIncrement,
  pricePerMinute,
});

describe('the seconds that are paid for', () => {
  it.each([
    // first, further, milliseconds, seconds
    [60, 60, 0, 60],
    [60, 60, 60_000, 60],
    [60, 60, 60_001, 120],
    [30, 6, 1, 30],
    [30, 6, 30_000, 30],
    [30, 6, 30_001, 36],
    [30, 6, 36_000, 36],
    [30, 6, 41_500, 42],
    [1, 1, 0, 1],
    [1, 1, 1_000, 1],
    [1, 1, 59_999, 60],
  ])('with %d/%d are, after %d ms, %d', (first, further, ms, seconds) => {
    expect(billedSeconds(terms(first, further), ms)).toBe(seconds);
  });
});

describe('a price', () => {
  it.each([
    // price of a minute, seconds, price
    [60_000, 60, 60_000],
    [60_000, 1, 1_000],
    [100_000, 1, 1_667],
    [1, 1, 1],
    [0, 3_600, 0],
    [999_999_999_999_999, 60, 999_999_999_999_999],
  ])('of %d a minute is, for %d seconds, %d: a rest is rounded up', (price, seconds, expected) => {
    expect(priceOf(terms(1, 1, price), seconds)).toBe(expected);
  });
});
