import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{src,contract,tests,e2e,examples}/**/*.test.ts'],
    reporters: ['default', './tests/support/closing-line.ts'],
    testTimeout: 20_000,
    maxConcurrency: 10,
    hookTimeout: 60_000,
  },
});
