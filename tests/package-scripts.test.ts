import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const manifest = JSON.parse(readFileSync(resolve(import.meta.dirname, '../package.json'), 'utf8'));

// npm signals the shell of a script alone: without exec, the shell ends and the program keeps running.
test('every npm script replaces its shell by the program that it ends with', () => {
  const scripts = Object.entries<string>(manifest.scripts);
  const waiting = scripts.filter(([, script]) => !script.split(' && ').at(-1)!.startsWith('exec '));
  expect(waiting).toEqual([]);
});
