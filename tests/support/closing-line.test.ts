import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { TestModule } from 'vitest/node';
import ClosingLine from './closing-line.ts';

type State = 'passed' | 'failed' | 'skipped' | 'pending';

/** A test file with these results. */
const moduleWith = (...states: State[]): TestModule => {
  const tests = states.map((state, at) => ({ fullName: `test ${at}`, result: () => ({ state }) }));
  return { children: { allTests: () => tests }, errors: () => [] } as unknown as TestModule;
};

let written: string;
beforeEach(() => {
  written = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
});

it('counts what passed, failed and was skipped', () => {
  vi.stubEnv('CI', '');
  new ClosingLine().onTestRunEnd([
    moduleWith('passed', 'passed', 'failed'),
    moduleWith('skipped', 'pending'),
  ]);
  expect(written).toBe('\n2 passed, 1 failed, 2 skipped\n');
  expect(process.exitCode).toBeUndefined();
});

it('fails the run with CI set when a test is skipped, and names it', () => {
  vi.stubEnv('CI', 'true');
  new ClosingLine().onTestRunEnd([moduleWith('passed', 'skipped')]);
  expect(process.exitCode).toBe(1);
  expect(written).toContain('\ntest 1\n');
});

it('passes the run with CI set when no test is skipped', () => {
  vi.stubEnv('CI', 'true');
  new ClosingLine().onTestRunEnd([moduleWith('passed')]);
  expect(process.exitCode).toBeUndefined();
});
