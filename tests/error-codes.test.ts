import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { isErrorCode } from '../contract/errors.ts';

const src = resolve(import.meta.dirname, '../src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && !/\.(test|conformance)\.ts$|\/testing\//.test(name),
);

/** Codes that never leave MiniVoice: for settings, and for INVITEs, which get a SIP status. */
const INTERNAL = ['invalid_setting', 'forbidden', 'rejected', 'interrupted'];

test('every reason for which the system ends a leg is in the catalog', () => {
  const reasons = files.flatMap((name) => {
    const found = readFileSync(join(src, name), 'utf8').matchAll(/by: 'system', reason: '(\w+)'/g);
    return [...found].map(([, reason]) => reason!);
  });
  expect(reasons).toContain('media_lost');
  expect(reasons.filter((reason) => !isErrorCode(reason))).toEqual([]);
});

test('every failure has a code of the catalog', () => {
  const codes = files.flatMap((name) => {
    const found = readFileSync(join(src, name), 'utf8').matchAll(/new Failure\(\s*'(\w+)'/g);
    return [...found].map(([, code]) => ({ name, code: code! }));
  });
  expect(codes.length).toBeGreaterThan(20);
  expect(codes.filter(({ code }) => !isErrorCode(code) && !INTERNAL.includes(code))).toEqual([]);
});
