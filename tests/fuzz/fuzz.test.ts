import { describe, expect, it } from 'vitest';
import { regressionsOf } from './regressions.ts';
import { fuzz, replay } from './run.ts';
import { targets } from './targets/index.ts';

/** Inputs of the short form, which takes a few seconds; `npm run fuzz` is the long form. */
const INPUTS = 30_000;

describe.each(targets)('$name', (target) => {
  it('accepts or refuses every input, and leaves nothing open', async () => {
    const inputs = Math.max(30, Math.round((INPUTS * target.share) / 1000));
    const result = await fuzz(target, { inputs, seconds: 10, seed: 20_260_529 });
    expect(result.findings.map(({ what }) => what)).toEqual([]);
    expect(result.accepted).toBeGreaterThan(0);
  });

  const known = regressionsOf(target.name);
  it.skipIf(known.length === 0).each(known)('handles the regression $name', async ({ inputs }) => {
    expect(await replay(target, inputs)).toEqual([]);
  });
});
