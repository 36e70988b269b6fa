import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const files = ['src', 'contract', 'e2e', 'examples', 'tests']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  )
  .filter((name) => name.endsWith('.test.ts') && name !== 'tests/test-rules.test.ts');
const withText = (text: RegExp) => files.filter((name) => text.test(readFileSync(join(root, name), 'utf8')));

test('no test is tried again: what fails now and then is a defect of the test or of the program', () => {
  expect(withText(/\bretry:|\.retry\(/)).toEqual([]);
});

test('no test sets a timer of the machine: it waits for an event', () => {
  expect(withText(/(?<!['"`])\bset(Timeout|Interval)\(|timers\/promises/)).toEqual([]);
});

/** What these are about is the clock of the machine, or a far end that acts after a while. */
const TIMED = [
  'src/core/clock.test.ts',
  'src/media/worker.test.ts',
  'src/net/network.test.ts',
  'src/net/rtp-socket.test.ts',
  'src/sip/sipp.test.ts',
];

test('no test sleeps', () => {
  const sleeping = withText(/\bsleep\(systemClock/);
  expect(sleeping.filter((name) => !TIMED.includes(name))).toEqual([]);
});
