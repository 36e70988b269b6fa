import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isE164, normaliseNumber, withPlus } from './number.ts';

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
])('%s means %s', (written, number) => {
  expect(normaliseNumber(written)).toBe(number);
});

test.each([
  ...['100', '911', '5550100', '05550100000', '15550100000', '5550100001', '4930123456', 'alice', 'alice-1'],
  ...['*97#', '', '+', '+0123456789'],
])('%s is no number that could be dialled from anywhere, and stays as it is', (user) => {
  expect(normaliseNumber(user)).toBe(user);
});

test.each([
  ['7042;phone-context=example.com', '7042'],
  ['7042;phone-context=+', '7042'],
  ['7;phone-context=+1', '7'],
  ['alice;tgrp=x', 'alice'],
])('%s is left as it is, without its parameters', (user, bare) => {
  expect(normaliseNumber(user)).toBe(bare);
});

describe('a number of a country', () => {
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
  ])('of %s: %s means %s', (country, written, number) => {
    expect(normaliseNumber(written, country)).toBe(number);
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
  ])('of %s: %s is not guessed', (country, written) => {
    expect(normaliseNumber(written, country)).toBe(written);
  });
});

test('a number without plus may be E.164', () => {
  expect(
    ['15550100000', '1.555.010.0000', '4930123456;ext=1', '0301234567', 'alice', '100'].map(withPlus),
  ).toEqual(['+15550100000', '+15550100000', '+4930123456', undefined, undefined, undefined]);
});

test('what has been normalised stays so, and is E.164 or what it was', () => {
  const dialled = fc.string({ unit: fc.constantFrom(...'+0123456789-. ()'), maxLength: 20 });
  const country = fc.constantFrom(undefined, 'US', 'DE', 'IT', 'DK', 'RU');
  fc.assert(
    fc.property(dialled, country, (user, country) => {
      const number = normaliseNumber(user, country);
      expect(normaliseNumber(number, country)).toBe(number);
      expect(isE164(number) || number === user).toBe(true);
    }),
  );
});
