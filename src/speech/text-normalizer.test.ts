import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalizeText } from './text-normalizer.ts';

test.each([
  ['Due 03/21/2026.', 'Due March 21st, 2026.'],
  ['Due 2026-11-02 or 12/13/2026.', 'Due November 2nd, 2026 or December 13th, 2026.'],
  ['It costs €12.50 or £1.', 'It costs 12 euros 50 cents or 1 pound.'],
  ['Call +15550100000 or 555-0100.', 'Call plus 1 5 5 5 0 1 0 0 0 0 0 or 5 5 5, 0 1 0 0.'],
  ['Your order 4071 of 1,234,567 is $4.99.', 'Your order 4071 of 1,234,567 is $4.99.'],
  ['“Café” — it’s #1 & open', '"Cafe", it\'s number 1 and open'],
  ['Press * or #.', 'Press star or pound.'],
  ['Write to a.b@example.com', 'Write to a dot b at example dot com'],
  ['20°C, 50% off', '20 degrees C, 50 per cent off'],
])('rewrites %s to %s', (written, spoken) => {
  expect(normalizeText(written)).toBe(spoken);
});

test('leaves an impossible date unchanged', () => {
  expect(normalizeText('13/45/2026')).toBe('13/45/2026');
});

test('returns nothing for text that an English voice cannot speak', () => {
  expect(normalizeText('日本語 … —')).toBe('');
  expect(normalizeText('?!')).toBe('');
});

test('returns plain ASCII without endless words, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
      expect(normalizeText(text)).toMatch(/^[\x20-\x7e]*$/);
      for (const word of normalizeText(text).split(' ')) expect(word.length).toBeLessThan(40);
    }),
  );
});

test.each(['@', '1@', '- ', '–', '.', '+1 '])('normalizes a long repetition of %j in linear time', (part) => {
  expect(normalizeText(part.repeat(5000)).length).toBeLessThan(100_000);
});
