import { expect, it } from 'vitest';
import { crash } from './crash.ts';

it('a program that is killed under load loses nothing that was promised', async () => {
  const result = await crash({ kills: 3, callers: 7, seed: 20_260_529 });
  expect(result.broken).toEqual([]);
  expect(Object.keys(result.kinds)).toHaveLength(7);
  expect(result.recovered).toBeGreaterThan(0);
  // All interrupted parties are on this machine, and can be reached.
  expect(result.hungUp).toBe(result.cutOff);
  expect(result.worstLossMs).toBeLessThanOrEqual(1000);
}, 180_000);
