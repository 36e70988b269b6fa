import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isE164, normaliseNumber } from './number.ts';

test.each([
  ['+15550100000', '+15550100000'],
  ['15550100000', '+15550100000'],
  ['0015550100000', '+15550100000'],
  ['+1 (555) 010-0000', '+15550100000'],
  ['1.555.010.0000', '+15550100000'],
  ['+15550100000;ext=7', '+15550100000'],
  ['+491701234567', '+491701234567'],
])('%s means %s', (written, number) => {
  expect(normaliseNumber(written)).toBe(number);
});

test.each(['100', '911', '5550100', '05550100000', 'alice', 'alice-1', '*97#', '', '+', '+0123456789'])(
  '%s is no number that could be dialled from anywhere, and stays as it is',
  (user) => {
    expect(normaliseNumber(user)).toBe(user);
  },
);

test('what has been normalised stays so, and is E.164 or what it was', () => {
  const dialled = fc.string({ unit: fc.constantFrom(...'+0123456789-. ()'), maxLength: 20 });
  fc.assert(
    fc.property(dialled, (user) => {
      const number = normaliseNumber(user);
      expect(normaliseNumber(number)).toBe(number);
      expect(isE164(number) || number === user).toBe(true);
    }),
  );
});
