import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sentences } from './sentences.ts';

test('splits a text at the ends of its sentences', () => {
  expect(sentences('Thank you for calling. Are you there? Good!')).toEqual([
    'Thank you for calling.',
    'Are you there?',
    'Good!',
  ]);
});

test.each([
  ['Dr. Smith and Mrs. Jones are at St. Mary.'],
  ['Your balance is $12.50 as of 3.5 days ago.'],
  ['Call No. 5, e.g. at 10 a.m. on Monday.'],
  ['J. R. Tolkien wrote it.'],
])('does not split %s', (text) => {
  expect(sentences(text)).toEqual([text]);
});

test('splits after an abbreviation that ends a sentence', () => {
  expect(sentences('We open at 9 a.m. Please call again.')).toEqual([
    'We open at 9 a.m.',
    'Please call again.',
  ]);
});

test('splits at new lines and ignores white space', () => {
  expect(sentences('For sales\npress one\n\n   \nFor help press two')).toEqual([
    'For sales',
    'press one',
    'For help press two',
  ]);
  expect(sentences('  \n ')).toEqual([]);
});

test('splits a long first sentence at a comma', () => {
  const start = 'Thank you for calling the office of the county clerk in Springfield, ';
  const text = `${start}where all of our lines are busy at this moment because of the unexpected snow.`;
  expect(sentences(text)[0]).toBe(start.trim());
});

test('loses no word and makes no piece too long, whatever the text', () => {
  const word = fc.stringMatching(/^[a-zA-Z0-9.,!?;'€é-]{1,12}$/);
  fc.assert(
    fc.property(fc.array(word, { maxLength: 120 }), (words) => {
      const text = words.join(' ');
      const pieces = sentences(text);
      expect(pieces.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
      for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(220);
    }),
  );
});

test('splits an endless word', () => {
  expect(sentences('x'.repeat(1000)).every((piece) => piece.length <= 220)).toBe(true);
});
