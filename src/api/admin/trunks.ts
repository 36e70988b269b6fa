import {
  listOf,
  newAdminTrunk,
  pageQuery,
  trunkPatch,
  trunk as wire,
} from '../../../contract/resources/index.ts';
import { presentPage } from '../page.ts';
import { route } from '../route.ts';
import { presentTrunk, trunkFields } from '../trunks/present.ts';

const taken = ['gateway_name_exists', 'inbound_ip_exists'] as const;

export const adminTrunkRoutes = [
  route({
    method: 'POST',
    path: '/admin/v1/trunks',
    auth: 'admin',
    summary: 'Creates a trunk, of a customer or for all.',
    body: newAdminTrunk,
    status: 201,
    answer: wire,
    errors: ['customer_not_found', ...taken, 'limit_reached'],
    async handle({ body, services }) {
      const { name, proxy, customer_id: customerId = null } = body;
      return presentTrunk(
        await services.directory.trunks.create({ ...trunkFields(body), name, proxy, customerId }),
        services,
      );
    },
  }),
  route({
    method: 'GET',
    path: '/admin/v1/trunks',
    auth: 'admin',
    summary: 'Lists all trunks, newest first.',
    query: pageQuery,
    answer: listOf(wire),
    handle: ({ query, services }) =>
      presentPage(services.directory.trunks.list({}, query), (trunk) => presentTrunk(trunk, services)),
  }),
  route({
    method: 'PATCH',
    path: '/admin/v1/trunks/:id',
    auth: 'admin',
    summary: 'Changes what is given of a trunk.',
    body: trunkPatch,
    answer: wire,
    errors: ['trunk_not_found', ...taken],
    handle: async ({ params, body, services }) =>
      presentTrunk(await services.directory.trunks.update(params.id, trunkFields(body)), services),
  }),
  route({
    method: 'DELETE',
    path: '/admin/v1/trunks/:id',
    auth: 'admin',
    summary: 'Deletes a trunk.',
    status: 204,
    errors: ['trunk_not_found'],
    handle: ({ params, services }) => services.directory.trunks.delete(params.id),
  }),
];
