import type { z } from 'zod';
import {
  balanceAdjustment,
  balance as balanceSchema,
  limits,
  limitsPatch,
  listOf,
  newBalanceAdjustment,
  pageQuery,
  usage,
  usageQuery,
} from '../../../contract/resources/index.ts';
import { type Account, type Adjustment, type Balance, periodsAt } from '../../billing/index.ts';
import { Failure, formatAmount, type Micros, parseAmount, rfc3339 } from '../../core/index.ts';
import { existing, presentPage } from '../resources.ts';
import { route, type Services } from '../route.ts';

/** Parses an amount that has passed its schema. */
export const amountOf = (text: string): Micros => parseAmount(text) as Micros;

/** Returns the id of a customer that exists. Fails with `customer_not_found`. */
export const existingCustomerId = (id: string, { directory }: Services): string =>
  existing(directory.customer(id), 'customer_not_found').id;

const presentAdjustment = (adjustment: Adjustment): z.input<typeof balanceAdjustment> => ({
  id: adjustment.id,
  customer_id: adjustment.customerId,
  amount: formatAmount(adjustment.amount),
  currency: adjustment.currency,
  note: adjustment.note,
  created_at: rfc3339(adjustment.createdAt),
});

const presentBalance = ({ account, balance, reserved, spent }: Balance): z.input<typeof balanceSchema> => ({
  customer_id: account.customerId,
  currency: account.currency,
  billing: account.billing,
  balance: formatAmount(balance),
  reserved: formatAmount(reserved),
  available: formatAmount(balance - reserved),
  spent: formatAmount(spent),
});

const presentLimits = (account: Account): z.input<typeof limits> => ({
  customer_id: account.customerId,
  billing: account.billing,
  currency: account.currency,
  spend_limit: account.spendLimit === null ? null : formatAmount(account.spendLimit),
  spend_period: account.spendPeriod,
  calls_per_second: account.callsPerSecond,
  concurrent_calls: account.concurrentCalls,
});

/** The limits that a body sets, without the fields that are not in the body. */
function limitFields(body: z.output<typeof limitsPatch>): Partial<Account> {
  const { billing, currency, spend_limit: limit, spend_period: spendPeriod } = body;
  const { calls_per_second: callsPerSecond, concurrent_calls: concurrentCalls } = body;
  return {
    ...(billing === undefined ? {} : { billing }),
    ...(currency === undefined ? {} : { currency }),
    ...(limit === undefined ? {} : { spendLimit: limit === null ? null : amountOf(limit) }),
    ...(spendPeriod === undefined ? {} : { spendPeriod }),
    ...(callsPerSecond === undefined ? {} : { callsPerSecond }),
    ...(concurrentCalls === undefined ? {} : { concurrentCalls }),
  };
}

export const usageRoutes = [
  route({
    method: 'GET',
    path: '/v1/usage',
    auth: 'key',
    summary: 'Sums up the calls of a period and their cost.',
    query: usageQuery,
    response: usage,
    async handle({ query, client, services: { clock, billing, ledger } }) {
      const { to = Math.floor(clock.now()), from = periodsAt(to).month } = query;
      if (from > to) throw new Failure('invalid_request', 'from must not be later than to');
      const { calls, billsecSeconds, cost } = await ledger.usage({ applicationId: client.id, from, to });
      return {
        application_id: client.id,
        from: rfc3339(from),
        to: rfc3339(to),
        summary: {
          calls,
          billsec_seconds: billsecSeconds,
          cost_amount: formatAmount(cost),
          cost_currency: billing.balance(client.customerId).account.currency,
        },
      };
    },
  }),
];

const errors = ['customer_not_found'] as const;

export const balanceRoutes = [
  route({
    method: 'POST',
    path: '/admin/v1/customers/:id/balance-adjustments',
    auth: 'admin',
    summary: 'Adds money to the balance of a customer, or subtracts it.',
    body: newBalanceAdjustment,
    status: 201,
    response: balanceAdjustment,
    errors: [...errors, 'insufficient_balance'],
    async handle({ params, body, services }) {
      const customerId = existingCustomerId(params.id, services);
      const { currency, note } = body;
      const adjustment = { amount: amountOf(body.amount), currency, note };
      return presentAdjustment(await services.billing.adjust(customerId, adjustment));
    },
  }),
  route({
    method: 'GET',
    path: '/admin/v1/customers/:id/balance-adjustments',
    auth: 'admin',
    summary: 'Lists the balance adjustments of a customer, newest first.',
    query: pageQuery,
    response: listOf(balanceAdjustment),
    errors,
    async handle({ params, query, services }) {
      const customerId = existingCustomerId(params.id, services);
      return presentPage(await services.ledger.adjustments({ customerId }, query), presentAdjustment);
    },
  }),
  route({
    method: 'GET',
    path: '/admin/v1/customers/:id/balance',
    auth: 'admin',
    summary: 'Returns the current balance, reserved amount and spending of a customer.',
    response: balanceSchema,
    errors,
    handle: ({ params, services }) =>
      presentBalance(services.billing.balance(existingCustomerId(params.id, services))),
  }),
  route({
    method: 'POST',
    path: '/admin/v1/customers/:id/limits',
    auth: 'admin',
    summary: 'Updates the given limits of a customer.',
    body: limitsPatch,
    response: limits,
    errors,
    async handle({ params, body, services }) {
      const customerId = existingCustomerId(params.id, services);
      return presentLimits(await services.billing.setLimits(customerId, limitFields(body)));
    },
  }),
  route({
    method: 'GET',
    path: '/admin/v1/customers/:id/limits',
    auth: 'admin',
    summary: 'Returns the limits of a customer.',
    response: limits,
    errors,
    handle: ({ params, services }) =>
      presentLimits(services.billing.balance(existingCustomerId(params.id, services)).account),
  }),
];
