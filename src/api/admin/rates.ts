import { listOf, newRate, pageQuery, rate as wire } from '../../../contract/resources/index.ts';
import { presentRate, rateFields } from '../billing/present.ts';
import { presentPage } from '../page.ts';
import { route } from '../route.ts';
import { knownCustomer } from './money.ts';

const errors = ['customer_not_found'] as const;

export const rateRoutes = [
  route({
    method: 'POST',
    path: '/admin/v1/rates',
    auth: 'admin',
    summary: 'Sets what a prefix costs all customers, in place of what it has cost.',
    body: newRate,
    status: 201,
    answer: wire,
    handle: async ({ body, services }) =>
      presentRate(await services.billing.setRate({ ...rateFields(body), customerId: null })),
  }),
  route({
    method: 'GET',
    path: '/admin/v1/rates',
    auth: 'admin',
    summary: 'Lists the rates for all customers, newest first.',
    query: pageQuery,
    answer: listOf(wire),
    handle: async ({ query, services }) =>
      presentPage(await services.ledger.rates({ customerId: null }, query), presentRate),
  }),
  route({
    method: 'DELETE',
    path: '/admin/v1/rates/:id',
    auth: 'admin',
    summary:
      'Deletes a rate, of a customer or for all. Calls that last go on at the price that they began with.',
    status: 204,
    errors: ['not_found'],
    handle: ({ params, services }) => services.billing.removeRate(params.id),
  }),
  route({
    method: 'POST',
    path: '/admin/v1/customers/:id/rates',
    auth: 'admin',
    summary: 'Sets what a prefix costs one customer, in place of what it has cost.',
    body: newRate,
    status: 201,
    answer: wire,
    errors,
    async handle({ params, body, services }) {
      const customerId = knownCustomer(params.id, services);
      return presentRate(await services.billing.setRate({ ...rateFields(body), customerId }));
    },
  }),
  route({
    method: 'GET',
    path: '/admin/v1/customers/:id/rates',
    auth: 'admin',
    summary: "Lists a customer's own rates, newest first.",
    query: pageQuery,
    answer: listOf(wire),
    errors,
    async handle({ params, query, services }) {
      const customerId = knownCustomer(params.id, services);
      return presentPage(await services.ledger.rates({ customerId }, query), presentRate);
    },
  }),
];
