import type { z } from 'zod';
import {
  listOf,
  newVerifiedNumber,
  pageQuery,
  verifiedNumber as wire,
} from '../../../contract/resources/index.ts';
import { Failure, rfc3339 } from '../../core/index.ts';
import type { VerifiedNumber } from '../../directory/index.ts';
import { presentPage } from '../page.ts';
import { route } from '../route.ts';
import { knownCustomer } from './money.ts';

const present = (row: VerifiedNumber): z.input<typeof wire> => ({
  id: row.id,
  customer_id: row.customerId,
  number_e164: row.numberE164,
  created_at: rfc3339(row.createdAt),
});

const errors = ['customer_not_found'] as const;

export const verifiedNumberRoutes = [
  route({
    method: 'POST',
    path: '/admin/v1/customers/:id/verified-numbers',
    auth: 'admin',
    summary: "Lets a customer's calls show a number that is not among the customer's numbers here.",
    body: newVerifiedNumber,
    status: 201,
    answer: wire,
    errors: [...errors, 'number_exists', 'limit_reached'],
    async handle({ params, body, services }) {
      const { verifiedNumbers } = services.directory;
      return present(await verifiedNumbers.create(knownCustomer(params.id, services), body.number_e164));
    },
  }),
  route({
    method: 'GET',
    path: '/admin/v1/customers/:id/verified-numbers',
    auth: 'admin',
    summary: "Lists a customer's verified numbers, newest first.",
    query: pageQuery,
    answer: listOf(wire),
    errors,
    handle: ({ params, query, services }) =>
      presentPage(
        services.directory.verifiedNumbers.list(knownCustomer(params.id, services), query),
        present,
      ),
  }),
  route({
    method: 'DELETE',
    path: '/admin/v1/verified-numbers/:id',
    auth: 'admin',
    summary: 'Takes a verified number back.',
    status: 204,
    errors: ['not_found'],
    async handle({ params, services }) {
      const { verifiedNumbers } = services.directory;
      if (!verifiedNumbers.get(params.id)) throw new Failure('not_found', 'verified number not found');
      await verifiedNumbers.delete(params.id);
    },
  }),
];
