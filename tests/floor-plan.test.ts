import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const src = resolve(import.meta.dirname, '../src');

/** Who may import whom, besides `contract/` and `core`: the final word on the plan of the house. */
const plan: Record<string, string[]> = {
  core: [],
  net: [],
  sip: ['net'],
  sdp: [],
  audio: [],
  rtp: ['audio'],
  media: ['audio', 'net', 'rtp'],
  speech: ['audio'],
  calls: ['audio', 'media'],
  actions: ['audio', 'calls', 'net', 'webhooks'],
  directory: ['calls'],
  recordings: ['audio', 'calls', 'media'],
  streams: ['calls', 'net', 'webhooks'],
  billing: ['calls', 'directory'],
  insights: ['audio', 'calls', 'recordings', 'speech'],
  webhooks: ['calls', 'net'],
  telephony: ['audio', 'calls', 'sip', 'sdp', 'media', 'net'],
  storage: ['billing', 'calls', 'insights', 'recordings', 'webhooks', 'directory'],
  api: ['billing', 'calls', 'actions', 'directory', 'insights', 'recordings', 'webhooks'],
};

/** The roof joins everything, and nobody imports it. */
plan['app'] = Object.keys(plan);

/** Imported for their types alone: the middle floor knows what a frame of sound is, not how it is made. */
const typesOnly: Record<string, string[]> = { calls: ['audio', 'media'] };

interface Import {
  from: string;
  target: string;
  typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const found = text.matchAll(/(?:^|\n)\s*(import|export)(\s+type)?\s[^;]*?from\s+'(\.[^']+)'/g);
  return [...found].map((match) => ({
    from: relative(src, file),
    target: relative(src, resolve(dirname(file), match[3]!)),
    typeOnly: match[2] !== undefined,
  }));
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const imports = files.flatMap((name) => importsOf(join(src, name)));
const room = (path: string) => (path.includes('/') ? path.split('/')[0]! : '');
const isTest = (path: string) => /\.(test|conformance)\.ts$/.test(path) || path.includes('/testing/');

test('every room has a door that begins with a paragraph on what the room is for', () => {
  for (const name of new Set(files.map(room).filter(Boolean))) {
    expect(plan, `the room ${name} is on the plan`).toHaveProperty(name);
    const door = readFileSync(join(src, name, 'index.ts'), 'utf8');
    expect(door, `the door of ${name}`).toMatch(/^\/\*\*\n( \* .+\n)+ \*\//);
  }
});

test('a room imports only the rooms that the plan allows, and only through their doors', () => {
  const wrong = imports
    .filter(({ from, target }) => !isTest(from) && room(from) !== '' && room(from) !== room(target))
    .filter(({ from, target, typeOnly }) => {
      if (target.startsWith('..')) return !target.startsWith('../contract/');
      const here = room(from);
      const there = room(target);
      if (here === 'app' && target === 'config.ts') return false;
      if (there === 'core') return target !== 'core/index.ts';
      if (!plan[here]?.includes(there) || target !== `${there}/index.ts`) return true;
      return typesOnly[here]?.includes(there) ? !typeOnly : false;
    });
  expect(wrong).toEqual([]);
});

test('time and chance are taken from core alone', () => {
  const direct = /\b(setTimeout|setInterval|Date\.now|Math\.random)\(|new Date\(\)/;
  const wrong = files
    .filter((name) => room(name) !== 'core' && !isTest(name))
    .filter((name) => direct.test(readFileSync(join(src, name), 'utf8')));
  expect(wrong).toEqual([]);
});

// Biome finds a promise that nobody awaits, unless `void` marks it: that would leave its rejection to the process. What
// runs on its own is given to `detach`, which reports what goes wrong.
test('no statement lets a promise go by void', () => {
  const bare = /(?:^|[;{]|\belse|\))\s*void\s+[\w#(]/;
  const wrong = files
    .filter((name) => !isTest(name))
    .flatMap((name) =>
      readFileSync(join(src, name), 'utf8')
        .split('\n')
        .filter((line) => bare.test(line))
        .map((line) => `${name}: ${line.trim()}`),
    );
  expect(wrong).toEqual([]);
});

test('no file of the server is longer than 400 lines', () => {
  const long = files.filter((name) => readFileSync(join(src, name), 'utf8').split('\n').length > 401);
  expect(long).toEqual([]);
});
