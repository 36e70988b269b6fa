import { readFileSync } from 'node:fs';
import { matchesGlob, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { conditions, permissive } from '../scripts/third-party/conditions.ts';
import { lockedPackages, thirdParty } from '../scripts/third-party/index.ts';

const isNoted = (name: string) =>
  conditions.some(({ packages }) => packages.some((pattern) => matchesGlob(name, pattern)));

test('THIRD_PARTY.md names the packages of the lock: npm run docs', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../THIRD_PARTY.md'), 'utf8');
  expect(text === thirdParty(), 'THIRD_PARTY.md is out of date: npm run docs').toBe(true);
});

test('every license that demands more than its text is explained', () => {
  const others = lockedPackages().filter(({ license }) =>
    license.split(' AND ').some((each) => !permissive.has(each)),
  );
  expect(others.map(({ name }) => name)).toContain('lightningcss');
  expect(others.filter(({ name }) => !isNoted(name))).toEqual([]);
});

test('every explanation is about a package of the lock', () => {
  const names = lockedPackages().map(({ name }) => name);
  const patterns = conditions.flatMap(({ packages }) => packages);
  expect(patterns.filter((pattern) => !names.some((name) => matchesGlob(name, pattern)))).toEqual([]);
});
