import type { z } from 'zod';
import { listOf, newRate, pageQuery, rate as rateSchema } from '../../../contract/resources/index.ts';
import type { Rate } from '../../billing/index.ts';
import { formatAmount, rfc3339 } from '../../core/index.ts';
import { presentPage } from '../resources.ts';
import { route } from '../route.ts';
import { amountOf, existingCustomerId } from './billing.ts';

const presentRate = (rate: Rate): z.input<typeof rateSchema> => ({
  id: rate.id,
  customer_id: rate.customerId,
  prefix: rate.prefix,
  price_per_minute: formatAmount(rate.pricePerMinute),
  currency: rate.currency,
  first_increment_seconds: rate.firstIncrement,
  further_increment_seconds: rate.furtherIncrement,
  created_at: rfc3339(rate.createdAt),
});

const rateFields = (body: z.output<typeof newRate>) => ({
  prefix: body.prefix,
  currency: body.currency,
  pricePerMinute: amountOf(body.price_per_minute),
  firstIncrement: body.first_increment_seconds,
  furtherIncrement: body.further_increment_seconds,
});

const errors = ['customer_not_found'] as const;

export const rateRoutes = [
  route({
    method: 'POST',
    path: '/admin/v1/rates',
    auth: 'admin',
    summary: 'Sets the rate of a prefix for all customers. It replaces the existing rate of the prefix.',
    body: newRate,
    status: 201,
    response: rateSchema,
    handle: async ({ body, services }) =>
      presentRate(await services.billing.setRate({ ...rateFields(body), customerId: null })),
  }),
  route({
    method: 'GET',
    path: '/admin/v1/rates',
    auth: 'admin',
    summary: 'Lists the rates that apply to all customers, newest first.',
    query: pageQuery,
    response: listOf(rateSchema),
    handle: async ({ query, services }) =>
      presentPage(await services.ledger.rates({ customerId: null }, query), presentRate),
  }),
  route({
    method: 'DELETE',
    path: '/admin/v1/rates/:id',
    auth: 'admin',
    summary: 'Deletes a rate. Running calls continue at the price at which they started.',
    status: 204,
    errors: ['not_found'],
    handle: ({ params, services }) => services.billing.removeRate(params.id),
  }),
  route({
    method: 'POST',
    path: '/admin/v1/customers/:id/rates',
    auth: 'admin',
    summary: 'Sets the rate of a prefix for one customer. It replaces the existing rate of the prefix.',
    body: newRate,
    status: 201,
    response: rateSchema,
    errors,
    async handle({ params, body, services }) {
      const customerId = existingCustomerId(params.id, services);
      return presentRate(await services.billing.setRate({ ...rateFields(body), customerId }));
    },
  }),
  route({
    method: 'GET',
    path: '/admin/v1/customers/:id/rates',
    auth: 'admin',
    summary: "Lists a customer's own rates, newest first.",
    query: pageQuery,
    response: listOf(rateSchema),
    errors,
    async handle({ params, query, services }) {
      const customerId = existingCustomerId(params.id, services);
      return presentPage(await services.ledger.rates({ customerId }, query), presentRate);
    },
  }),
];
