import { describe, expect, it } from 'vitest';
import { regressionsOf } from './regressions.ts';
import { fuzz, replay } from './run.ts';
import { targets } from './targets/index.ts';

/** The short form: a few seconds in all. `npm run fuzz` is the long one. */
const INPUTS = 30_000;

describe.each(targets)('$name', (target) => {
  it('takes or refuses whatever comes, and keeps nothing of it', async () => {
    const inputs = Math.max(30, Math.round((INPUTS * target.share) / 1000));
    const result = await fuzz(target, { inputs, seconds: 10, seed: 20_260_529 });
    expect(result.findings.map(({ what }) => what)).toEqual([]);
    expect(result.taken).toBeGreaterThan(0);
  });

  const known = regressionsOf(target.name);
  it.skipIf(known.length === 0).each(known)('is not led astray again by $name', async ({ inputs }) => {
    expect(await replay(target, inputs)).toEqual([]);
  });
});
