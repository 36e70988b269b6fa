import { expect, test } from 'vitest';
import { ScenarioRunner, scenarios } from './testing/interleavings.ts';

/** `npm run test:crash -- --depth 6` runs longer scenarios. */
const DEPTH = 3;

test('ends each recording exactly once, in whatever order events happen and also in the same beat', async () => {
  const runner = await ScenarioRunner.open();
  const wrong: string[] = [];
  let count = 0;
  for (const steps of scenarios(DEPTH)) {
    const faults = await runner.run(steps);
    count++;
    if (faults.length > 0) wrong.push(`${steps.map(({ move, beats }) => `${move} ${beats}`)}: ${faults}`);
  }
  await runner.close();
  expect(wrong).toEqual([]);
  expect(count).toBeGreaterThan(200);
  const endings = ['api', 'hangup', 'max_seconds', 'recovery', 'start_error', 'write_error'];
  expect([...runner.endings].sort()).toEqual(endings);
});
