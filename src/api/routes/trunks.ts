import type { z } from 'zod';
import {
  listOf,
  newAdminTrunk,
  newTrunk,
  pageQuery,
  trunkPatch,
  trunk as trunkSchema,
} from '../../../contract/resources/index.ts';
import { rfc3339 } from '../../core/index.ts';
import type { Application, Trunk, TrunkFields } from '../../directory/index.ts';
import { ownedByCustomer, presentPage } from '../resources.ts';
import { route, type Services } from '../route.ts';

/** A trunk on the wire, without its password. */
const presentTrunk = (trunk: Trunk, { registrations }: Services): z.input<typeof trunkSchema> => ({
  id: trunk.id,
  customer_id: trunk.customerId,
  name: trunk.name,
  gateway_name: trunk.gatewayName,
  direction: trunk.inboundIp === null ? 'outbound' : 'both',
  proxy: trunk.proxy,
  transport: trunk.transport,
  username: trunk.username,
  realm: trunk.realm,
  from_domain: trunk.fromDomain,
  inbound_ip: trunk.inboundIp,
  is_active: trunk.isActive,
  register: trunk.register,
  registered: registrations?.trunkRegistered(trunk.id) ?? false,
  srtp: trunk.srtp,
  caller_ids: trunk.callerIds,
  forward_caller_id: trunk.forwardCallerId,
  country: trunk.country,
  created_at: rfc3339(trunk.createdAt),
  updated_at: rfc3339(trunk.updatedAt),
});

/** The trunk fields that a body sets; undefined for fields that are not in the body. */
function trunkFields(body: z.output<typeof trunkPatch>): {
  [Field in keyof TrunkFields]?: TrunkFields[Field] | undefined;
} {
  return {
    name: body.name,
    proxy: body.proxy,
    username: body.username,
    password: body.password,
    realm: body.realm,
    fromDomain: body.from_domain,
    inboundIp: body.inbound_ip,
    isActive: body.is_active,
    gatewayName: body.gateway_name,
    transport: body.transport,
    register: body.register,
    srtp: body.srtp,
    callerIds: body.caller_ids,
    forwardCallerId: body.forward_caller_id,
    country: body.country,
  };
}

/** A trunk that the client's calls may use: the customer's own or a shared one. */
function usable(found: Trunk | undefined, client: Application | null): Trunk {
  if (found?.customerId === null) return found;
  return ownedByCustomer(found, client, 'trunk_not_found');
}

/** A trunk that the client may change: the customer's own. */
const own = (id: string, client: Application | null, { directory }: Services): Trunk =>
  ownedByCustomer(directory.trunks.get(id), client, 'trunk_not_found');

const errors = ['trunk_not_found'] as const;
const conflicts = ['gateway_name_exists', 'inbound_ip_exists'] as const;

export const trunkRoutes = [
  route({
    method: 'POST',
    path: '/v1/trunks',
    auth: 'key',
    summary: 'Creates a trunk of the customer. The password is never returned.',
    body: newTrunk,
    status: 201,
    response: trunkSchema,
    errors: [...conflicts, 'limit_reached'],
    async handle({ body, client, services }) {
      const fields = { ...trunkFields(body), name: body.name, proxy: body.proxy };
      return presentTrunk(
        await services.directory.trunks.create({ ...fields, customerId: client.customerId }),
        services,
      );
    },
  }),
  route({
    method: 'GET',
    path: '/v1/trunks',
    auth: 'any',
    summary: "Lists the customer's trunks and the shared trunks, newest first.",
    query: pageQuery,
    response: listOf(trunkSchema),
    handle({ query, client, services }) {
      const page = services.directory.trunks.list({ customerId: client?.customerId }, query);
      return presentPage(page, (trunk) => presentTrunk(trunk, services));
    },
  }),
  route({
    method: 'GET',
    path: '/v1/trunks/:id',
    auth: 'any',
    summary: 'Returns a trunk.',
    response: trunkSchema,
    errors,
    handle: ({ params, client, services }) =>
      presentTrunk(usable(services.directory.trunks.get(params.id), client), services),
  }),
  route({
    method: 'PATCH',
    path: '/v1/trunks/:id',
    auth: 'any',
    summary: "Updates the given fields of a customer's own trunk.",
    body: trunkPatch,
    response: trunkSchema,
    errors: [...errors, ...conflicts],
    async handle({ params, body, client, services }) {
      const { id } = own(params.id, client, services);
      return presentTrunk(await services.directory.trunks.update(id, trunkFields(body)), services);
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/trunks/:id',
    auth: 'any',
    summary: "Deletes a customer's own trunk.",
    status: 204,
    errors,
    async handle({ params, client, services }) {
      await services.directory.trunks.delete(own(params.id, client, services).id);
    },
  }),
];

export const adminTrunkRoutes = [
  route({
    method: 'POST',
    path: '/admin/v1/trunks',
    auth: 'admin',
    summary: 'Creates a trunk of a customer, or a shared trunk.',
    body: newAdminTrunk,
    status: 201,
    response: trunkSchema,
    errors: ['customer_not_found', ...conflicts, 'limit_reached'],
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
    response: listOf(trunkSchema),
    handle: ({ query, services }) =>
      presentPage(services.directory.trunks.list({}, query), (trunk) => presentTrunk(trunk, services)),
  }),
  route({
    method: 'PATCH',
    path: '/admin/v1/trunks/:id',
    auth: 'admin',
    summary: 'Updates the given fields of a trunk.',
    body: trunkPatch,
    response: trunkSchema,
    errors: [...errors, ...conflicts],
    handle: async ({ params, body, services }) =>
      presentTrunk(await services.directory.trunks.update(params.id, trunkFields(body)), services),
  }),
  route({
    method: 'DELETE',
    path: '/admin/v1/trunks/:id',
    auth: 'admin',
    summary: 'Deletes a trunk.',
    status: 204,
    errors,
    handle: ({ params, services }) => services.directory.trunks.delete(params.id),
  }),
];
