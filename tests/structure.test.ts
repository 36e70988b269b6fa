import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { withGraph } from '../scripts/dependency-graph.ts';

const src = resolve(import.meta.dirname, '../src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const moduleOf = (path: string) => (path.includes('/') ? path.split('/')[0]! : '');
const isTest = (path: string) => /\.(test|conformance)\.ts$/.test(path) || path.includes('/testing/');
const textOf = (name: string) => readFileSync(join(src, name), 'utf8');

test('every module has an index.ts that begins with a paragraph on its purpose', () => {
  for (const name of new Set(files.map(moduleOf).filter(Boolean))) {
    expect(textOf(`${name}/index.ts`), name).toMatch(/^\/\*\*\n( \* .+\n)+ \*\//);
  }
});

test('only core reads the clock of the machine, starts its timers, and draws its random numbers', () => {
  const direct = /\b(setTimeout|setInterval|Date\.now|Math\.random)\(|new Date\(\)/;
  const wrong = files
    .filter((name) => moduleOf(name) !== 'core' && !isTest(name))
    .filter((name) => direct.test(textOf(name)));
  expect(wrong).toEqual([]);
});

// A media thread constructs what it needs, as the application does on the main thread.
const COMPOSITION_ROOTS = ['app/platform.ts', 'media/thread/worker.ts'];

test('only the composition root uses the clock, random source and network of this machine', () => {
  const system = /\bsystem(Clock|Random|Network|Resolve|Services)\b/;
  const wrong = files
    .filter((name) => !isTest(name) && !/^(core|net)\//.test(name) && !COMPOSITION_ROOTS.includes(name))
    .filter((name) => system.test(textOf(name)));
  expect(wrong).toEqual([]);
});

// Biome finds a promise that nobody awaits, unless `void` marks it: its rejection would then reach the process. What
// runs on its own is given to `detach`, which reports what goes wrong.
test('no statement discards a promise with void', () => {
  const bare = /(?:^|[;{]|\belse|\))\s*void\s+[\w#(]/;
  const wrong = files
    .filter((name) => !isTest(name))
    .flatMap((name) =>
      textOf(name)
        .split('\n')
        .filter((line) => bare.test(line))
        .map((line) => `${name}: ${line.trim()}`),
    );
  expect(wrong).toEqual([]);
});

test('no file of the server is longer than 400 lines', () => {
  expect(files.filter((name) => textOf(name).split('\n').length > 401)).toEqual([]);
});

test('the graph in ARCHITECTURE.md shows the imports of the code', async () => {
  const text = readFileSync(resolve(src, '../ARCHITECTURE.md'), 'utf8');
  expect((await withGraph(text)) === text, 'ARCHITECTURE.md is out of date: npm run docs').toBe(true);
});
