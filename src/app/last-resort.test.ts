import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const PROGRAM = `
  import { systemClock } from './src/core/index.ts';
  import { surviveDefects } from './src/app/defects.ts';
  import { createLog } from './src/app/log.ts';
  surviveDefects(createLog('info'), systemClock);
  setImmediate(() => {
    setImmediate(() => {
      setImmediate(() => process.stdout.write('still here\\n'));
      Promise.reject(new Error('rejected'));
    });
    throw new Error('thrown');
  });
`;

it('logs an uncaught error once and keeps the process running', () => {
  const args = ['--input-type=module', '--eval', PROGRAM];
  const cwd = join(import.meta.dirname, '../..');
  const { stdout, status } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', timeout: 60_000 });
  const lines = stdout.trim().split('\n');
  expect(status).toBe(0);
  expect(lines.at(-1)).toBe('still here');
  expect(lines.slice(0, -1).map((line) => JSON.parse(line))).toMatchObject([
    { origin: 'process.uncaughtException', error: 'thrown' },
    { origin: 'process.unhandledRejection', error: 'rejected' },
  ]);
});
