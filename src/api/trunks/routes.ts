import { listOf, newTrunk, pageQuery, trunkPatch, trunk as wire } from '../../../contract/resources/index.ts';
import { Failure } from '../../core/index.ts';
import type { Application, Trunk } from '../../directory/index.ts';
import { presentPage } from '../page.ts';
import { route } from '../route.ts';
import { presentTrunk, trunkFields } from './present.ts';

/** A trunk that the caller's calls may take: the customer's own, and those for all. */
function usable(found: Trunk | undefined, caller: Application | null): Trunk {
  if (found && (!caller || found.customerId === null || found.customerId === caller.customerId)) return found;
  throw new Failure('trunk_not_found', 'trunk not found');
}

/** A trunk that the caller may change: the customer's own. */
function own(found: Trunk | undefined, caller: Application | null): Trunk {
  if (found && (!caller || found.customerId === caller.customerId)) return found;
  throw new Failure('trunk_not_found', 'trunk not found');
}

const errors = ['trunk_not_found'] as const;
const taken = ['gateway_name_exists', 'inbound_ip_exists'] as const;

export const trunkRoutes = [
  route({
    method: 'POST',
    path: '/v1/trunks',
    auth: 'key',
    summary: 'Creates a trunk of the customer. The password is never shown again.',
    body: newTrunk,
    status: 201,
    answer: wire,
    errors: [...taken, 'limit_reached'],
    async handle({ body, caller, services }) {
      const fields = { ...trunkFields(body), name: body.name, proxy: body.proxy };
      return presentTrunk(
        await services.directory.trunks.create({ ...fields, customerId: caller.customerId }),
        services,
      );
    },
  }),
  route({
    method: 'GET',
    path: '/v1/trunks',
    auth: 'any',
    summary: "Lists the customer's trunks and those for all, newest first.",
    query: pageQuery,
    answer: listOf(wire),
    handle({ query, caller, services }) {
      const page = services.directory.trunks.list({ customerId: caller?.customerId }, query);
      return presentPage(page, (trunk) => presentTrunk(trunk, services));
    },
  }),
  route({
    method: 'GET',
    path: '/v1/trunks/:id',
    auth: 'any',
    summary: 'Reads a trunk.',
    answer: wire,
    errors,
    handle: ({ params, caller, services }) =>
      presentTrunk(usable(services.directory.trunks.get(params.id), caller), services),
  }),
  route({
    method: 'PATCH',
    path: '/v1/trunks/:id',
    auth: 'any',
    summary: "Changes what is given of a customer's own trunk.",
    body: trunkPatch,
    answer: wire,
    errors: [...errors, ...taken],
    async handle({ params, body, caller, services }) {
      const { id } = own(services.directory.trunks.get(params.id), caller);
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
    async handle({ params, caller, services }) {
      await services.directory.trunks.delete(own(services.directory.trunks.get(params.id), caller).id);
    },
  }),
];
