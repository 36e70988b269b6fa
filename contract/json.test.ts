import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJson } from './json.ts';

const place = (text: string) => {
  const read = readJson(text);
  return 'error' in read ? `${read.error.line}:${read.error.column}` : read.value;
};

describe('invalid JSON', () => {
  it.each([
    ['', '1:1'],
    ['{', '1:2'],
    ['abc', '1:1'],
    ['{"a":1,}', '1:8'],
    ['[1,\n 2,\n 03]', '3:3'],
    ["{'a':1}", '1:2'],
    ['{"a" 1}', '1:6'],
    ['[1 2]', '1:4'],
    ['"a\tb"', '1:1'],
    ['{"a":1}\n}', '2:1'],
    ['[1}', '1:3'],
  ])('%j has an error at %s', (text, at) => {
    expect(place(text)).toBe(at);
  });

  it('has an error inside the text, however it was damaged', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.string({ minLength: 1, maxLength: 3 }), (json, at, wrong) => {
        const text = json.slice(0, at % json.length) + wrong + json.slice(at % json.length);
        const read = readJson(text);
        if (!('error' in read)) return;
        const lines = text.split('\n');
        expect(read.error.line).toBeLessThanOrEqual(lines.length);
        expect(read.error.column).toBeLessThanOrEqual(lines[read.error.line - 1]!.length + 1);
        expect(read.error.reason).toMatch(/^[A-Z]/);
      }),
    );
  });

  it('does not exhaust the stack if it is deep', () => {
    expect(place('['.repeat(200_000))).toBe('1:101');
    expect(place(`{"a":"]]\\"]","b":${'['.repeat(100)}${']'.repeat(100)}}`)).toBe('1:117');
  });

  it('includes JSON with more than 10,000 fields', () => {
    const fields = (count: number) => `{${Array.from({ length: count }, (_, n) => `"f${n}:":0`).join()}}`;
    expect(readJson(fields(10_000))).toHaveProperty('value');
    expect(readJson(fields(10_001))).toMatchObject({ error: { reason: 'More than 10000 fields' } });
  });

  it('does not include JSON with 100 levels', () => {
    const deep = '['.repeat(99) + ']'.repeat(99);
    expect(readJson(`{"a":"[[[[", "b":${deep}}`)).toHaveProperty('value');
  });
});
