import { z } from 'zod';
import {
  applicationWithKey,
  customer,
  listOf,
  newAdminApplication,
  newCustomer,
  pageQuery,
  application as wire,
} from '../../../contract/resources/index.ts';
import { applicationFields, presentApplication, presentCustomer } from '../applications/present.ts';
import { presentPage } from '../page.ts';
import { route } from '../route.ts';
import { checkSpeech } from '../voices/rules.ts';

export const customerRoutes = [
  route({
    method: 'POST',
    path: '/admin/v1/customers',
    auth: 'admin',
    summary: 'Creates a customer.',
    body: newCustomer,
    status: 201,
    answer: customer,
    handle: async ({ body, services }) => presentCustomer(await services.directory.createCustomer(body)),
  }),
  route({
    method: 'GET',
    path: '/admin/v1/customers',
    auth: 'admin',
    summary: 'Lists customers, newest first.',
    query: pageQuery,
    answer: listOf(customer),
    handle: ({ query, services }) => presentPage(services.directory.customers(query), presentCustomer),
  }),
  route({
    method: 'POST',
    path: '/admin/v1/applications',
    auth: 'admin',
    summary: "Creates an application and its first API key: this is how a customer's first key is made.",
    body: newAdminApplication,
    status: 201,
    answer: applicationWithKey,
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
    summary: 'Lists all applications, newest first.',
    query: pageQuery.extend({ customer_id: z.string().optional() }),
    answer: listOf(wire),
    handle: ({ query, services }) =>
      presentPage(
        services.directory.applications({ customerId: query.customer_id }, query),
        presentApplication,
      ),
  }),
];
