import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

interface Locked {
  version?: string;
  optionalDependencies?: Record<string, string>;
}

const text = readFileSync(resolve(import.meta.dirname, '../package-lock.json'), 'utf8');
const packages: Record<string, Locked> = JSON.parse(text).packages;

// `npm ci` refuses the whole lock otherwise, and `npm install` leaves them out where a registry does not have them.
test('the lock names every package for every platform, so that npm ci works wherever it runs', () => {
  const wanted = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).map((name) => ({ path, name })),
  );
  const absent = wanted.filter(
    ({ path, name }) =>
      !packages[`node_modules/${name}`]?.version && !packages[`${path}/node_modules/${name}`]?.version,
  );
  expect(absent).toEqual([]);
});

test('the lock names no registry: packages come from whichever is set up', () => {
  expect(text).not.toContain('"resolved"');
});
