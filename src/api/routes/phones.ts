import type { z } from 'zod';
import {
  listOf,
  newPhone,
  pageQuery,
  phone as phoneSchema,
  phoneWithPassword,
} from '../../../contract/resources/index.ts';
import { rfc3339 } from '../../core/index.ts';
import type { Application, Phone } from '../../directory/index.ts';
import { ownedByCustomer, presentPage, timeOrNull } from '../resources.ts';
import { route, type Services } from '../route.ts';

/** A phone on the wire, without its password hash. */
function presentPhone(phone: Phone, { registrations }: Services): z.input<typeof phoneSchema> {
  const { registeredAt, failedLogin } = registrations?.phone(phone) ?? {};
  return {
    id: phone.id,
    customer_id: phone.customerId,
    username: phone.username,
    registered: registeredAt !== undefined,
    registered_at: timeOrNull(registeredAt ?? null),
    last_failed_login_at: timeOrNull(failedLogin?.at ?? null),
    last_failed_login_address: failedLogin?.address ?? null,
    created_at: rfc3339(phone.createdAt),
  };
}

const own = (id: string, client: Application | null, { directory }: Services): Phone =>
  ownedByCustomer(directory.phones.get(id), client, 'phone_not_found');

export const phoneRoutes = [
  route({
    method: 'POST',
    path: '/v1/phones',
    auth: 'key',
    summary: 'Creates SIP credentials for a phone of the customer. Only this response has the password.',
    body: newPhone,
    status: 201,
    response: phoneWithPassword,
    errors: ['username_exists', 'limit_reached'],
    async handle({ body: { username }, client: { customerId }, services }) {
      const { phone, password } = await services.directory.phones.create({ customerId, username });
      return { ...presentPhone(phone, services), password };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/phones',
    auth: 'any',
    summary: 'Lists the phones of the customer, newest first.',
    query: pageQuery,
    response: listOf(phoneSchema),
    handle({ query, client, services }) {
      const page = services.directory.phones.list({ customerId: client?.customerId }, query);
      return presentPage(page, (phone) => presentPhone(phone, services));
    },
  }),
  route({
    method: 'GET',
    path: '/v1/phones/:id',
    auth: 'any',
    summary: 'Returns a phone.',
    response: phoneSchema,
    errors: ['phone_not_found'],
    handle: ({ params, client, services }) => presentPhone(own(params.id, client, services), services),
  }),
  route({
    method: 'DELETE',
    path: '/v1/phones/:id',
    auth: 'any',
    summary: 'Deletes a phone. It can no longer place or receive calls.',
    status: 204,
    errors: ['phone_not_found'],
    handle: ({ params, client, services }) =>
      services.directory.phones.delete(own(params.id, client, services).id),
  }),
];
