import { describe, expect, it } from 'vitest';
import { Tariff } from './tariff.ts';

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
    // The customer's own, where the prefix is the same.
    ['+49301', 'cust_1', '+49', 'cust_1'],
    ['+49151', 'cust_2', '+4915', 'cust_2'],
    // A longer prefix counts more than an own rate.
    ['+49151', 'cust_1', '+4915', null],
    // Exactly the prefix, and less than the prefix.
    ['+49', 'cust_3', '+49', null],
    ['+4', 'cust_3', '+', null],
    // SIP URIs, secure ones too, in any case.
    ['sip:desk@example.com', 'cust_3', 'sip:', null],
    ['SIPS:desk@example.com', 'cust_3', 'sip:', null],
  ])('%s for %s is that of %s, of %s', (destination, customer, prefix, owner) => {
    expect(tariff.find(customer, 'EUR', destination)).toMatchObject({ prefix, customerId: owner });
  });

  it('is never another customer’s, nor one in another currency', () => {
    expect(tariff.find('cust_2', 'USD', '+15550')).toBeUndefined();
    expect(tariff.find('cust_1', 'USD', '+49301')).toMatchObject({ prefix: '+4930', currency: 'USD' });
    expect(tariff.find('cust_2', 'EUR', '+15550')).toMatchObject({ prefix: '+' });
  });
});
