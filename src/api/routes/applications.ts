import { z } from 'zod';
import { errorMessage } from '../../../contract/errors.ts';
import {
  applicationPatch,
  applicationWithKey,
  customer as customerSchema,
  keyRotation,
  listOf,
  newAdminApplication,
  newApplication,
  newCustomer,
  pageQuery,
  application as schema,
} from '../../../contract/resources/index.ts';
import { Failure } from '../../core/index.ts';
import type { Application } from '../../directory/index.ts';
import { ownedByCustomer, presentPage } from '../resources.ts';
import { route, type Services } from '../route.ts';
import { applicationFields, presentApplication, presentCustomer } from './present-application.ts';
import { checkSpeech } from './speech.ts';

const errors = ['application_not_found'] as const;

/** An application that the client may read: any of the same customer. */
function readable(id: string, client: Application | null, { directory }: Services): Application {
  return ownedByCustomer(directory.application(id), client, 'application_not_found');
}

/** An application that the client may change: a key may change only its own application. */
function changeable(id: string, client: Application | null, services: Services): Application {
  const found = readable(id, client, services);
  if (!client || found.id === client.id) return found;
  throw new Failure('application_not_found', errorMessage('application_not_found'));
}

export const applicationRoutes = [
  route({
    method: 'POST',
    path: '/v1/applications',
    auth: 'key',
    summary: 'Creates another application of the customer, with its own API key.',
    body: newApplication,
    status: 201,
    response: applicationWithKey,
    errors: ['limit_reached'],
    async handle({ body, client, services }) {
      const fields = applicationFields(body);
      checkSpeech(fields, services);
      const { application, apiKey } = await services.directory.createApplication({
        ...fields,
        customerId: client.customerId,
        name: body.name,
        answerUrl: body.answer_url ?? '',
      });
      return { ...presentApplication(application), api_key: apiKey };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/applications',
    auth: 'any',
    summary: 'Lists the applications of the customer, newest first.',
    query: pageQuery,
    response: listOf(schema),
    handle({ query, client, services }) {
      const page = services.directory.applications({ customerId: client?.customerId }, query);
      return presentPage(page, presentApplication);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/applications/:id',
    auth: 'any',
    summary: 'Returns an application of the customer.',
    response: schema,
    errors,
    handle: ({ params, client, services }) => presentApplication(readable(params.id, client, services)),
  }),
  route({
    method: 'PATCH',
    path: '/v1/applications/:id',
    auth: 'any',
    summary: "Updates the given fields of the key's own application. null removes a setting.",
    body: applicationPatch,
    response: schema,
    errors,
    async handle({ params, body, client, services }) {
      const before = changeable(params.id, client, services);
      const fields = applicationFields(body);
      checkSpeech(fields, services, before);
      return presentApplication(await services.directory.updateApplication(before.id, fields));
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/applications/:id',
    auth: 'any',
    summary: "Deletes the key's own application and its keys. Its numbers remain, unassigned.",
    status: 204,
    errors,
    async handle({ params, client, services }) {
      await services.directory.deleteApplication(changeable(params.id, client, services).id);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/applications/:id/keys',
    auth: 'any',
    summary: "Creates a new API key for the key's own application and expires the existing keys.",
    body: keyRotation,
    status: 201,
    response: applicationWithKey,
    errors,
    async handle({ params, body, client, services }) {
      const application = changeable(params.id, client, services);
      const graceSeconds = body.expire_old_after_seconds;
      const apiKey = await services.directory.rotateKey(application.id, { graceSeconds });
      return { ...presentApplication(application), api_key: apiKey };
    },
  }),
];

export const customerRoutes = [
  route({
    method: 'POST',
    path: '/admin/v1/customers',
    auth: 'admin',
    summary: 'Creates a customer.',
    body: newCustomer,
    status: 201,
    response: customerSchema,
    handle: async ({ body, services }) => presentCustomer(await services.directory.createCustomer(body)),
  }),
  route({
    method: 'GET',
    path: '/admin/v1/customers',
    auth: 'admin',
    summary: 'Lists customers, newest first.',
    query: pageQuery,
    response: listOf(customerSchema),
    handle: ({ query, services }) => presentPage(services.directory.customers(query), presentCustomer),
  }),
  route({
    method: 'POST',
    path: '/admin/v1/applications',
    auth: 'admin',
    summary: 'Creates an application of a customer with its first API key.',
    body: newAdminApplication,
    status: 201,
    response: applicationWithKey,
    errors: ['customer_not_found', 'limit_reached'],
    async handle({ body, services }) {
      const fields = applicationFields(body);
      checkSpeech(fields, services);
      const { application, apiKey } = await services.directory.createApplication({
        ...fields,
        customerId: body.customer_id,
        name: body.name,
        answerUrl: body.answer_url ?? '',
      });
      return { ...presentApplication(application), api_key: apiKey };
    },
  }),
  route({
    method: 'GET',
    path: '/admin/v1/applications',
    auth: 'admin',
    summary: 'Lists the applications of all customers, newest first.',
    query: pageQuery.extend({
      customer_id: z.string().optional().describe('Returns only the applications of this customer.'),
    }),
    response: listOf(schema),
    handle: ({ query, services }) =>
      presentPage(
        services.directory.applications({ customerId: query.customer_id }, query),
        presentApplication,
      ),
  }),
];
