import { expect, test } from 'vitest';
import { ATTACK_NAMES, attackAll } from './run.ts';

test('the running server accepts or refuses all input of its peers, and restarts', async () => {
  const plan = { inputs: 2000, seconds: 10, seed: 1, parts: ATTACK_NAMES, restartsOften: false };
  const { inputs, restarts, findings } = await attackAll(plan);
  expect(findings).toEqual([]);
  expect(inputs).toBeGreaterThan(1000);
  expect(restarts).toBe(1);
}, 240_000);
