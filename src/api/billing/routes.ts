import { usageQuery, usage as wire } from '../../../contract/resources/index.ts';
import { periodsAt } from '../../billing/index.ts';
import { Failure, formatAmount, rfc3339 } from '../../core/index.ts';
import { route } from '../route.ts';

export const usageRoutes = [
  route({
    method: 'GET',
    path: '/v1/usage',
    auth: 'key',
    summary: 'Sums up the calls of a period and what they have cost.',
    query: usageQuery,
    answer: wire,
    async handle({ query, caller, services: { clock, billing, ledger } }) {
      const { to = Math.floor(clock.now()), from = periodsAt(to).month } = query;
      if (from > to) throw new Failure('invalid_request', 'from must not be later than to');
      const { calls, billsecSeconds, cost } = await ledger.usage({ applicationId: caller.id, from, to });
      return {
        application_id: caller.id,
        from: rfc3339(from),
        to: rfc3339(to),
        summary: {
          calls,
          billsec_seconds: billsecSeconds,
          cost_amount: formatAmount(cost),
          cost_currency: billing.balance(caller.customerId).account.currency,
        },
      };
    },
  }),
];
