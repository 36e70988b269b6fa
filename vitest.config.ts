import { defineConfig } from 'vitest/config';

/** Tests that place real calls run last, one file after the other, because they need the whole machine. */
const REAL_TIME = [
  'e2e/**/*.test.ts',
  'tests/{crash,chaos,damage,privacy}/**/*.test.ts',
  'tests/fuzz/live/*.test.ts',
  'src/media/worker.test.ts',
  'src/sip/sipp.test.ts',
];

export default defineConfig({
  test: {
    reporters: ['default', './tests/support/closing-line.ts'],
    // Waits end with what they wait for. These limits end only what hangs, on a machine that is busy as well.
    testTimeout: 60_000,
    maxConcurrency: 10,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000, interval: 20 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{src,contract,tests,examples}/**/*.test.ts'],
          exclude: REAL_TIME,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'calls',
          include: REAL_TIME,
          testTimeout: 180_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
