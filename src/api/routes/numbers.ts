import type { z } from 'zod';
import {
  didAdminPatch,
  didPatch,
  didQuery,
  did as didSchema,
  listOf,
  newDid,
  newVerifiedNumber,
  pageQuery,
  verifiedNumber,
} from '../../../contract/resources/index.ts';
import { Failure, rfc3339 } from '../../core/index.ts';
import type { Application, Did, DidFields, VerifiedNumber } from '../../directory/index.ts';
import { existing, presentPage } from '../resources.ts';
import { route } from '../route.ts';
import { existingCustomerId } from './billing.ts';

const presentDid = (did: Did): z.input<typeof didSchema> => ({
  id: did.id,
  customer_id: did.customerId,
  application_id: did.applicationId,
  number_e164: did.numberE164,
  provider: did.provider,
  status: did.status,
  route_mode: did.routeMode,
  routing_target: did.routingTarget,
  created_at: rfc3339(did.createdAt),
  updated_at: rfc3339(did.updatedAt),
});

/** The fields of a number that a body sets; undefined for fields that are not in the body. */
function didFields(body: z.output<typeof didAdminPatch>): {
  [Field in Exclude<keyof DidFields, 'numberE164'>]?: DidFields[Field] | undefined;
} {
  return {
    applicationId: body.application_id,
    provider: body.provider,
    status: body.status,
    routeMode: body.route_mode,
    routingTarget: body.routing_target,
  };
}

/** A number that is assigned to the client's application. */
function assigned(found: Did | undefined, client: Application | null): Did {
  if (found && (!client || found.applicationId === client.id)) return found;
  throw new Failure('not_found', 'DID not found');
}

export const didRoutes = [
  route({
    method: 'GET',
    path: '/v1/dids',
    auth: 'any',
    summary: 'Lists the numbers of the application, newest first.',
    query: pageQuery,
    response: listOf(didSchema),
    handle: ({ query, client, services }) =>
      presentPage(services.directory.dids.list({ applicationId: client?.id }, query), presentDid),
  }),
  route({
    method: 'GET',
    path: '/v1/dids/:id',
    auth: 'any',
    summary: 'Returns a number by its id.',
    response: didSchema,
    errors: ['not_found'],
    handle: ({ params, client, services }) =>
      presentDid(assigned(services.directory.dids.get(params.id), client)),
  }),
  route({
    method: 'GET',
    path: '/v1/dids/by-number/:e164',
    auth: 'any',
    summary: 'Returns a number by the number itself, with its plus sign (or `%2B`).',
    response: didSchema,
    errors: ['not_found'],
    handle: ({ params, client, services }) =>
      presentDid(assigned(services.directory.dids.byNumber(params.e164), client)),
  }),
  route({
    method: 'PATCH',
    path: '/v1/dids/:id',
    auth: 'any',
    summary: 'Changes how calls to a number are routed.',
    body: didPatch,
    response: didSchema,
    errors: ['not_found'],
    async handle({ params, body, client, services }) {
      const { id } = assigned(services.directory.dids.get(params.id), client);
      return presentDid(await services.directory.dids.update(id, didFields(body)));
    },
  }),
];

export const adminDidRoutes = [
  route({
    method: 'POST',
    path: '/admin/v1/dids',
    auth: 'admin',
    summary: 'Adds a number and assigns it to an application.',
    body: newDid,
    status: 201,
    response: didSchema,
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
    response: listOf(didSchema),
    handle: ({ query, services }) =>
      presentPage(services.directory.dids.list({ applicationId: query.application_id }, query), presentDid),
  }),
  route({
    method: 'PATCH',
    path: '/admin/v1/dids/:id',
    auth: 'admin',
    summary: 'Updates the given fields of a number, including its application.',
    body: didAdminPatch,
    response: didSchema,
    errors: ['not_found', 'application_not_found'],
    handle: async ({ params, body, services }) =>
      presentDid(await services.directory.dids.update(params.id, didFields(body))),
  }),
  route({
    method: 'DELETE',
    path: '/admin/v1/dids/:id',
    auth: 'admin',
    summary: 'Deletes a number.',
    status: 204,
    errors: ['not_found'],
    handle: ({ params, services }) => services.directory.dids.delete(params.id),
  }),
];

const presentVerifiedNumber = (row: VerifiedNumber): z.input<typeof verifiedNumber> => ({
  id: row.id,
  customer_id: row.customerId,
  number_e164: row.numberE164,
  created_at: rfc3339(row.createdAt),
});

export const verifiedNumberRoutes = [
  route({
    method: 'POST',
    path: '/admin/v1/customers/:id/verified-numbers',
    auth: 'admin',
    summary: 'Lets a customer use a number as caller ID that is not one of its numbers on this server.',
    body: newVerifiedNumber,
    status: 201,
    response: verifiedNumber,
    errors: ['customer_not_found', 'number_exists', 'limit_reached'],
    async handle({ params, body, services }) {
      const { verifiedNumbers } = services.directory;
      const customerId = existingCustomerId(params.id, services);
      return presentVerifiedNumber(await verifiedNumbers.create(customerId, body.number_e164));
    },
  }),
  route({
    method: 'GET',
    path: '/admin/v1/customers/:id/verified-numbers',
    auth: 'admin',
    summary: 'Lists the verified numbers of a customer, newest first.',
    query: pageQuery,
    response: listOf(verifiedNumber),
    errors: ['customer_not_found'],
    handle({ params, query, services }) {
      const customerId = existingCustomerId(params.id, services);
      return presentPage(services.directory.verifiedNumbers.list(customerId, query), presentVerifiedNumber);
    },
  }),
  route({
    method: 'DELETE',
    path: '/admin/v1/verified-numbers/:id',
    auth: 'admin',
    summary: 'Deletes a verified number.',
    status: 204,
    errors: ['not_found'],
    async handle({ params, services }) {
      const { verifiedNumbers } = services.directory;
      if (!verifiedNumbers.get(params.id)) throw new Failure('not_found', 'verified number not found');
      await verifiedNumbers.delete(params.id);
    },
  }),
];
