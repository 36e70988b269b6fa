import { describe, expect, it } from 'vitest';
import type { RateTerms } from './store.ts';
import { billedSeconds, priceOf, Tariff } from './tariff.ts';

const rate = (prefix: string, customerId: string | null = null, currency = 'EUR') => {
  const terms = { pricePerMinute: 1, firstIncrement: 1, furtherIncrement: 1 };
  return { id: `${customerId} ${currency} ${prefix}`, customerId, prefix, currency, createdAt: 0, ...terms };
};

const tariff = new Tariff([
  rate('+'),
  rate('+49'),
  rate('+4915'),
  rate('+49', 'cust_1'),
  rate('+4915', 'cust_2'),
  rate('+4930', null, 'USD'),
  rate('sip:'),
  rate('+1', 'cust_1'),
]);

describe('the rate for a destination', () => {
  it.each([
    ['+49301', 'cust_3', '+49', null],
    ['+49151', 'cust_3', '+4915', null],
    ['+33123', 'cust_3', '+', null],
    // The customer's own rate wins over the common rate with the same prefix.
    ['+49301', 'cust_1', '+49', 'cust_1'],
    ['+49151', 'cust_2', '+4915', 'cust_2'],
    // A longer prefix wins over the customer's own rate.
    ['+49151', 'cust_1', '+4915', null],
    // The destination equals the prefix, or is shorter.
    ['+49', 'cust_3', '+49', null],
    ['+4', 'cust_3', '+', null],
    // SIP URIs, secure ones too, in any case.
    ['sip:desk@example.com', 'cust_3', 'sip:', null],
    ['SIPS:desk@example.com', 'cust_3', 'sip:', null],
  ])('%s for %s has the prefix %s and the owner %s', (destination, customer, prefix, owner) => {
    expect(tariff.find(customer, 'EUR', destination)).toMatchObject({ prefix, customerId: owner });
  });

  it('never belongs to another customer or another currency', () => {
    expect(tariff.find('cust_2', 'USD', '+15550')).toBeUndefined();
    expect(tariff.find('cust_1', 'USD', '+49301')).toMatchObject({ prefix: '+4930', currency: 'USD' });
    expect(tariff.find('cust_2', 'EUR', '+15550')).toMatchObject({ prefix: '+' });
  });
});

const terms = (firstIncrement: number, furtherIncrement: number, pricePerMinute = 60_000): RateTerms => ({
  firstIncrement,
  furtherIncrement,
  pricePerMinute,
});

describe('billed seconds', () => {
  it.each([
    // first increment, further increment, milliseconds, billed seconds
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
  ])('with increments %d/%d and a duration of %d ms are %d', (first, further, ms, seconds) => {
    expect(billedSeconds(terms(first, further), ms)).toBe(seconds);
  });
});

describe('a price', () => {
  it.each([
    // price per minute, seconds, price
    [60_000, 60, 60_000],
    [60_000, 1, 1_000],
    [100_000, 1, 1_667],
    [1, 1, 1],
    [0, 3_600, 0],
    [999_999_999_999_999, 60, 999_999_999_999_999],
  ])('at %d per minute for %d seconds is %d, rounded up', (price, seconds, expected) => {
    expect(priceOf(terms(1, 1, price), seconds)).toBe(expected);
  });
});
