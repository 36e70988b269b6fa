import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
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

test.each(['start', 'dev'])(
  'npm run %s keeps compiled code in an absolute folder, which may have spaces',
  (name) => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'Mini Voice-')));
    const print = lastCommand(scripts[name]!).replace(
      / node_modules\/\.bin\/node .*/,
      ' printenv NODE_COMPILE_CACHE',
    );
    const { NODE_COMPILE_CACHE: _, ...env } = process.env;
    const cache = (more = {}) =>
      execFileSync('sh', ['-c', print], { cwd: folder, env: { ...env, ...more }, encoding: 'utf8' }).trim();
    expect(cache()).toBe(join(folder, 'node_modules/.cache/compiled'));
    expect(cache({ NODE_COMPILE_CACHE: '/var/cache/mini voice' })).toBe('/var/cache/mini voice');
    rmdirSync(folder);
  },
);
