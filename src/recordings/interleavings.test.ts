import { expect, test } from 'vitest';
import { runAllScenarios } from './testing/interleavings.ts';

/** `npm run test:crash -- --depth 6` runs longer scenarios. */
const DEPTH = 3;

test('ends each recording exactly once, in whatever order events happen and also in the same beat', async () => {
  const { count, faults, endings } = await runAllScenarios(DEPTH);
  expect(faults).toEqual([]);
  expect(count).toBeGreaterThan(200);
  expect(endings.sort()).toEqual(['api', 'hangup', 'max_seconds', 'recovery', 'start_error', 'write_error']);
});
