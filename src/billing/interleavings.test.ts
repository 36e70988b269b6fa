import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BillingHarness, CUSTOMER, UNIT } from './testing/harness.ts';

/** A step that can happen at any moment. */
type Step =
  | { type: 'place'; to: string }
  | { type: 'bridge'; to: string }
  | { type: 'answer' | 'hang up' | 'refuse'; which: number }
  | { type: 'wait'; ms: number }
  | { type: 'adjust'; cents: number }
  | { type: 'restart' };

const destination = fc.constantFrom('+49301', '+49152', '+1555', 'sip:desk@example.com');
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant('place' as const), to: destination }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('bridge' as const), to: destination }) },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constantFrom('answer' as const, 'answer' as const, 'hang up' as const, 'refuse' as const),
      which: fc.nat(20),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 70_000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('adjust' as const), cents: fc.integer({ min: -80, max: 120 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('restart' as const) }) },
);

/** @returns the harness to continue with. */
async function perform(step: Step, harness: BillingHarness): Promise<BillingHarness> {
  const leg = () => harness.dialed[(step as { which: number }).which % harness.dialed.length];
  if (step.type === 'place') await harness.place(step.to, { conference: { room: 'r' } }).catch(() => {});
  else if (step.type === 'bridge') harness.arrive({ bridge: { destination: step.to } });
  else if (step.type === 'answer') leg()?.farEndAnswers();
  else if (step.type === 'hang up') leg()?.farEndHangsUp();
  else if (step.type === 'refuse') leg()?.farEndRefuses('busy', 486);
  else if (step.type === 'wait') await harness.clock.advance(step.ms);
  else if (step.type === 'adjust') await harness.credit(step.cents / 100).catch(() => {});
  else return BillingHarness.restart(harness);
  return harness;
}

/** The sum of settled charges, as written. */
const settled = ({ ledger }: BillingHarness) =>
  [...ledger.charges.values()].reduce((sum, { amount }) => sum + amount, 0);
const credited = ({ ledger }: BillingHarness) =>
  ledger.adjustmentRows.reduce((sum, { amount }) => sum + amount, 0);

function expectWithin(harness: BillingHarness, limit: number): void {
  const { balance, reserved, spent } = harness.billing.balance(CUSTOMER);
  expect(reserved).toBeGreaterThanOrEqual(0);
  // Settled charges have already left the balance.
  expect(reserved).toBeLessThanOrEqual(balance);
  expect(spent + reserved).toBeLessThanOrEqual(limit);
  expect(settled(harness)).toBeLessThanOrEqual(Math.min(limit, credited(harness)));
}

it('settled and reserved amounts exceed neither balance nor limit in any order of steps', async () => {
  const limit = 1.5 * UNIT;
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 10, maxLength: 60 }), async (scenario) => {
      let harness = await BillingHarness.open();
      await harness.rate('+49', 0.6, 1, 1);
      await harness.rate('+4915', 1.7, 30, 6);
      await harness.rate('+1', 0.07, 60, 60);
      await harness.credit(1);
      await harness.billing.setLimits(CUSTOMER, { spendLimit: limit, spendPeriod: 'total' });
      for (const step of scenario) {
        harness = await perform(step, harness);
        expectWithin(harness, limit);
        await harness.clock.advance(0);
        expectWithin(harness, limit);
      }
      harness = await BillingHarness.restart(harness);
      expectWithin(harness, limit);
      const { balance, reserved } = harness.billing.balance(CUSTOMER);
      expect(reserved).toBe(0);
      expect(balance).toBe(credited(harness) - settled(harness));
      const costs = harness.calls.reduce((sum, { costAmount }) => sum + (costAmount ?? 0), 0);
      expect(costs).toBe(settled(harness));
    }),
    { numRuns: 60 },
  );
});
