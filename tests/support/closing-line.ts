import type { Reporter, TestModule } from 'vitest/node';

/**
 * Ends the run with one plain line that any CI can read: `N passed, N failed, N skipped`. With `CI` set, a skipped test
 * fails the run: no other run would notice it.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    const skipped: string[] = [];
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'skipped' || state === 'pending') skipped.push(test.fullName);
        count[state === 'pending' ? 'skipped' : state] += 1;
      }
      // A file that could not be loaded has no tests to count, and is a failure anyway.
      if (module.errors().length > 0) count.failed += 1;
    }
    if (process.env['CI'] && skipped.length > 0) {
      process.stdout.write(`\nNo test may be skipped where CI is set:\n${skipped.join('\n')}\n`);
      process.exitCode = 1;
    }
    process.stdout.write(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
  }
}
