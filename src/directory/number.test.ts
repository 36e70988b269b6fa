import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isE164, normalizeNumber, withPlus } from './number.ts';

test.each([
  ['+15550100000', '+15550100000'],
  ['0015550100000', '+15550100000'],
  ['+1 (555) 010-0000', '+15550100000'],
  ['+1-555-010-0000', '+15550100000'],
  ['+15550100000;ext=7', '+15550100000'],
  ['+491701234567', '+491701234567'],
  ['5550100001;phone-context=+1', '+15550100001'],
  ['555-010-0001;phone-context=+1', '+15550100001'],
  ['0100001;npdi;phone-context=+1-555', '+15550100001'],
  ['555.0100.001;PHONE-CONTEXT="+1"', '+15550100001'],
  ['030123456;phone-context=+49', '+4930123456'],
  ['0612345678;phone-context=+39', '+390612345678'],
  ['+15550100001;phone-context=+49', '+15550100001'],
])('normalizes %s to %s', (written, number) => {
  expect(normalizeNumber(written)).toBe(number);
});

test.each([
  ...['100', '911', '5550100', '05550100000', '15550100000', '5550100001', '4930123456', 'alice', 'alice-1'],
  ...['*97#', '', '+', '+0123456789'],
])('leaves %s unchanged, which is not a globally dialable number', (user) => {
  expect(normalizeNumber(user)).toBe(user);
});

test.each([
  ['7042;phone-context=example.com', '7042'],
  ['7042;phone-context=+', '7042'],
  ['7;phone-context=+1', '7'],
  ['alice;tgrp=x', 'alice'],
])('removes only the parameters of %s', (user, bare) => {
  expect(normalizeNumber(user)).toBe(bare);
});

describe('a national number', () => {
  test.each([
    ['US', '5550100001', '+15550100001'],
    ['US', '15550100001', '+15550100001'],
    ['US', '0114930123456', '+4930123456'],
    ['CA', '(555) 010-0001', '+15550100001'],
    ['DE', '030123456', '+4930123456'],
    ['DE', '004930123456', '+4930123456'],
    ['DE', '4930123456', '+4930123456'],
    ['de', '+15550100001', '+15550100001'],
    ['GB', '02079460000', '+442079460000'],
    ['FR', '0123456789', '+33123456789'],
    ['IT', '0612345678', '+390612345678'],
    ['IT', '3331234567', '+393331234567'],
    ['IT', '390612345678', '+390612345678'],
    ['ES', '912345678', '+34912345678'],
    ['DK', '45123456', '+4545123456'],
    ['DK', '4545123456', '+4545123456'],
    ['RU', '84951234567', '+74951234567'],
    ['RU', '810493012345', '+493012345'],
    ['HU', '0612345678', '+3612345678'],
    ['AU', '0011493012345', '+493012345'],
    ['JP', '0312345678', '+81312345678'],
    ['JP', '010493012345', '+493012345'],
    ['MX', '5512345678', '+525512345678'],
    ['DE', '030123456;phone-context=example.com', '+4930123456'],
  ])('of %s: %s is normalized to %s', (country, written, number) => {
    expect(normalizeNumber(written, country)).toBe(number);
  });

  test.each([
    ['US', '5550100'],
    ['US', '911'],
    ['US', '4930123456789'],
    ['US', '0049'],
    ['DE', '123456'],
    ['DE', '33123456789'],
    ['DE', '110'],
    ['ES', '112'],
    ['XX', '030123456'],
    ['DE', 'alice'],
  ])('of %s: %s is left unchanged because it is ambiguous', (country, written) => {
    expect(normalizeNumber(written, country)).toBe(written);
  });
});

test('reads digits without a plus as E.164', () => {
  expect(
    ['15550100000', '1.555.010.0000', '4930123456;ext=1', '0301234567', 'alice', '100'].map(withPlus),
  ).toEqual(['+15550100000', '+15550100000', '+4930123456', undefined, undefined, undefined]);
});

test('is idempotent, and returns E.164 or the unchanged text', () => {
  const dialed = fc.string({ unit: fc.constantFrom(...'+0123456789-. ()'), maxLength: 20 });
  const country = fc.constantFrom(undefined, 'US', 'DE', 'IT', 'DK', 'RU');
  fc.assert(
    fc.property(dialed, country, (user, country) => {
      const number = normalizeNumber(user, country);
      expect(normalizeNumber(number, country)).toBe(number);
      expect(isE164(number) || number === user).toBe(true);
    }),
  );
});
