import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '../src/config.ts';

const manifest = JSON.parse(readFileSync(resolve(import.meta.dirname, '../package.json'), 'utf8'));

const scripts: Record<string, string> = manifest.scripts;
/** The last command of a script, which stays running. */
const lastCommand = (script: string) => script.split(' && ').at(-1)!;

// npm signals only the shell of a script: without exec, the shell ends and the program keeps running.
test('every npm script replaces its shell with its last program', () => {
  const waiting = Object.entries(scripts).filter(([, script]) => !lastCommand(script).startsWith('exec '));
  expect(waiting).toEqual([]);
});

test('npm run dev runs the server like npm start, but restarts on changes', () => {
  const [install] = scripts['start']!.split(' && ');
  expect(scripts['dev']!.split(' && ')).toEqual([install, lastCommand(scripts['dev']!)]);
  expect(lastCommand(scripts['dev']!)).toMatch(/ node_modules\/\.bin\/node --watch src\/main\.ts$/);
});

test('npm run dev sets only settings that exist, to allowed values', () => {
  const given = lastCommand(scripts['dev']!).matchAll(/(MINIVOICE_\w+)=(\S+)/g);
  const config = readConfig(Object.fromEntries([...given].map(([, name, value]) => [name, value])));
  expect(config).toMatchObject({ allowPrivateUrls: true, logFormat: 'pretty', drainSeconds: 0 });
});
