import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CUSTOMER, Exchange, UNIT } from './testing/exchange.ts';

/** Something that happens at a moment that nobody has chosen. */
type Step =
  | { do: 'place'; to: string }
  | { do: 'bridge'; to: string }
  | { do: 'answer' | 'hang up' | 'refuse'; which: number }
  | { do: 'wait'; ms: number }
  | { do: 'adjust'; cents: number }
  | { do: 'restart' };

const destination = fc.constantFrom('+49301', '+49152', '+1555', 'sip:desk@example.com');
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('place' as const), to: destination }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('bridge' as const), to: destination }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('answer' as const, 'answer' as const, 'hang up' as const, 'refuse' as const),
      which: fc.nat(20),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 70_000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('adjust' as const), cents: fc.integer({ min: -80, max: 120 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);

/** @returns the exchange to go on with. */
async function happen(step: Step, exchange: Exchange): Promise<Exchange> {
  const leg = () => exchange.dialled[(step as { which: number }).which % exchange.dialled.length];
  if (step.do === 'place') await exchange.place(step.to, { conference: { room: 'r' } }).catch(() => {});
  else if (step.do === 'bridge') exchange.arrive({ bridge: { destination: step.to } });
  else if (step.do === 'answer') leg()?.farEndAnswers();
  else if (step.do === 'hang up') leg()?.farEndHangsUp();
  else if (step.do === 'refuse') leg()?.farEndRefuses('busy', 486);
  else if (step.do === 'wait') await exchange.clock.advance(step.ms);
  else if (step.do === 'adjust') await exchange.give(step.cents / 100).catch(() => {});
  else return Exchange.restart(exchange);
  return exchange;
}

/** What was settled, by what is written. */
const settled = ({ ledger }: Exchange) =>
  [...ledger.charges.values()].reduce((sum, { amount }) => sum + amount, 0);
const given = ({ ledger }: Exchange) => ledger.given.reduce((sum, { amount }) => sum + amount, 0);

function expectWithin(exchange: Exchange, limit: number): void {
  const { balance, reserved, spent } = exchange.billing.balance(CUSTOMER);
  expect(reserved).toBeGreaterThanOrEqual(0);
  // What was settled is off the balance already.
  expect(reserved).toBeLessThanOrEqual(balance);
  expect(spent + reserved).toBeLessThanOrEqual(limit);
  expect(settled(exchange)).toBeLessThanOrEqual(Math.min(limit, given(exchange)));
}

it('whatever happens in whatever order, settled and reserved pass neither balance nor limit', async () => {
  const limit = 1.5 * UNIT;
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 10, maxLength: 60 }), async (story) => {
      let exchange = await Exchange.open();
      await exchange.rate('+49', 0.6, 1, 1);
      await exchange.rate('+4915', 1.7, 30, 6);
      await exchange.rate('+1', 0.07, 60, 60);
      await exchange.give(1);
      await exchange.billing.setLimits(CUSTOMER, { spendLimit: limit, spendPeriod: 'total' });
      for (const step of story) {
        exchange = await happen(step, exchange);
        expectWithin(exchange, limit);
        await exchange.clock.advance(0);
        expectWithin(exchange, limit);
      }
      exchange = await Exchange.restart(exchange);
      expectWithin(exchange, limit);
      const { balance, reserved } = exchange.billing.balance(CUSTOMER);
      expect(reserved).toBe(0);
      expect(balance).toBe(given(exchange) - settled(exchange));
      const costs = exchange.calls.reduce((sum, { costAmount }) => sum + (costAmount ?? 0), 0);
      expect(costs).toBe(settled(exchange));
    }),
    { numRuns: 60 },
  );
});
