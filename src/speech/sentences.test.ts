import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sentences } from './sentences.ts';

test('a text is cut where its sentences end', () => {
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
])('%s is one sentence', (text) => {
  expect(sentences(text)).toEqual([text]);
});

test('an abbreviation that ends a sentence ends it', () => {
  expect(sentences('We open at 9 a.m. Please call again.')).toEqual([
    'We open at 9 a.m.',
    'Please call again.',
  ]);
});

test('a new line ends a sentence, and white space is no sentence', () => {
  expect(sentences('For sales\npress one\n\n   \nFor help press two')).toEqual([
    'For sales',
    'press one',
    'For help press two',
  ]);
  expect(sentences('  \n ')).toEqual([]);
});

test('a long first sentence is cut at a comma, so that the caller hears something soon', () => {
  const start = 'Thank you for calling the office of the county clerk in Springfield, ';
  const text = `${start}where all of our lines are busy at this moment because of the unexpected snow.`;
  expect(sentences(text)[0]).toBe(start.trim());
});

test('whatever the text, no word is lost and no piece is too long', () => {
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

test('a word without end is cut too', () => {
  expect(sentences('x'.repeat(1000)).every((piece) => piece.length <= 220)).toBe(true);
});
