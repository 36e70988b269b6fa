import { didAdminPatch, didQuery, listOf, newDid, did as wire } from '../../../contract/resources/index.ts';
import { didFields, presentDid } from '../dids/present.ts';
import { presentPage } from '../page.ts';
import { route } from '../route.ts';
import { existing } from '../visible.ts';

export const adminDidRoutes = [
  route({
    method: 'POST',
    path: '/admin/v1/dids',
    auth: 'admin',
    summary: 'Adds a number and assigns it to an application.',
    body: newDid,
    status: 201,
    answer: wire,
    errors: ['application_not_found', 'number_exists'],
    async handle({ body, services: { directory } }) {
      const { customerId } = existing(directory.application(body.application_id), 'application_not_found');
      const fields = { ...didFields(body), customerId, numberE164: body.number_e164 };
      return presentDid(await directory.dids.create(fields));
    },
  }),
  route({
    method: 'GET',
    path: '/admin/v1/dids',
    auth: 'admin',
    summary: 'Lists all numbers, newest first.',
    query: didQuery,
    answer: listOf(wire),
    handle: ({ query, services }) =>
      presentPage(services.directory.dids.list({ applicationId: query.application_id }, query), presentDid),
  }),
  route({
    method: 'PATCH',
    path: '/admin/v1/dids/:id',
    auth: 'admin',
    summary: 'Changes what is given of a number, its assignment too.',
    body: didAdminPatch,
    answer: wire,
    errors: ['not_found', 'application_not_found'],
    handle: async ({ params, body, services }) =>
      presentDid(await services.directory.dids.update(params.id, didFields(body))),
  }),
  route({
    method: 'DELETE',
    path: '/admin/v1/dids/:id',
    auth: 'admin',
    summary: 'Removes a number.',
    status: 204,
    errors: ['not_found'],
    handle: ({ params, services }) => services.directory.dids.delete(params.id),
  }),
];
