import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { isErrorCode } from '../contract/errors.ts';

const src = resolve(import.meta.dirname, '../src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && !/\.(test|conformance)\.ts$|\/testing\//.test(name),
);

/** Codes that only the log and SIP responses contain. */
const INSIDE = ['invalid_setting', 'forbidden', 'rejected', 'interrupted'];

test('whatever the system ends a leg for is in the catalogue', () => {
  const reasons = files.flatMap((name) => {
    const reasons = readFileSync(join(src, name), 'utf8').matchAll(/by: 'system', reason: '(\w+)'/g);
    return [...reasons].map(([, reason]) => reason!);
  });
  expect(reasons).toContain('media_lost');
  expect(reasons.filter((reason) => !isErrorCode(reason))).toEqual([]);
});

test('every failure has a code of the catalogue', () => {
  const codes = files.flatMap((name) => {
    const made = readFileSync(join(src, name), 'utf8').matchAll(/new Failure\(\s*'(\w+)'/g);
    return [...made].map(([, code]) => ({ name, code: code! }));
  });
  expect(codes.length).toBeGreaterThan(20);
  expect(codes.filter(({ code }) => !isErrorCode(code) && !INSIDE.includes(code))).toEqual([]);
});
