import {
  balance,
  balanceAdjustment,
  limits,
  limitsPatch,
  listOf,
  newBalanceAdjustment,
  pageQuery,
} from '../../../contract/resources/index.ts';
import {
  amountOf,
  limitFields,
  presentAdjustment,
  presentBalance,
  presentLimits,
} from '../billing/present.ts';
import { presentPage } from '../page.ts';
import { route, type Services } from '../route.ts';
import { existing } from '../visible.ts';

const errors = ['customer_not_found'] as const;

/** The id of a customer, if there is one. Fails with `customer_not_found`. */
export const knownCustomer = (id: string, { directory }: Services): string =>
  existing(directory.customer(id), 'customer_not_found').id;

export const moneyRoutes = [
  route({
    method: 'POST',
    path: '/admin/v1/customers/:id/balance-adjustments',
    auth: 'admin',
    summary: "Puts money on a customer's balance, or takes it from there.",
    body: newBalanceAdjustment,
    status: 201,
    answer: balanceAdjustment,
    errors: [...errors, 'insufficient_balance'],
    async handle({ params, body, services }) {
      const customerId = knownCustomer(params.id, services);
      const { currency, note } = body;
      const adjustment = { amount: amountOf(body.amount), currency, note };
      return presentAdjustment(await services.billing.adjust(customerId, adjustment));
    },
  }),
  route({
    method: 'GET',
    path: '/admin/v1/customers/:id/balance-adjustments',
    auth: 'admin',
    summary: "Lists what was put on and taken from a customer's balance, newest first.",
    query: pageQuery,
    answer: listOf(balanceAdjustment),
    errors,
    async handle({ params, query, services }) {
      const customerId = knownCustomer(params.id, services);
      return presentPage(await services.ledger.adjustments({ customerId }, query), presentAdjustment);
    },
  }),
  route({
    method: 'GET',
    path: '/admin/v1/customers/:id/balance',
    auth: 'admin',
    summary: 'Tells what a customer has, holds and has spent, now.',
    answer: balance,
    errors,
    handle: ({ params, services }) =>
      presentBalance(services.billing.balance(knownCustomer(params.id, services))),
  }),
  route({
    method: 'POST',
    path: '/admin/v1/customers/:id/limits',
    auth: 'admin',
    summary: "Sets what is given of a customer's limits.",
    body: limitsPatch,
    answer: limits,
    errors,
    async handle({ params, body, services }) {
      const customerId = knownCustomer(params.id, services);
      return presentLimits(await services.billing.setLimits(customerId, limitFields(body)));
    },
  }),
  route({
    method: 'GET',
    path: '/admin/v1/customers/:id/limits',
    auth: 'admin',
    summary: "Reads a customer's limits.",
    answer: limits,
    errors,
    handle: ({ params, services }) =>
      presentLimits(services.billing.balance(knownCustomer(params.id, services)).account),
  }),
];
