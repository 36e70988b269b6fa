import type { z } from 'zod';
import {
  listOf,
  newPhone,
  pageQuery,
  phoneWithPassword,
  phone as wire,
} from '../../../contract/resources/index.ts';
import { Failure, rfc3339 } from '../../core/index.ts';
import type { Application, Phone } from '../../directory/index.ts';
import { presentPage } from '../page.ts';
import { route, type Services } from '../route.ts';
import { timeOrNull } from '../time.ts';

/** A phone as it is answered: never with what is kept of its password. */
function presentPhone(phone: Phone, { lines }: Services): z.input<typeof wire> {
  const { registeredAt, failedLogin } = lines?.phone(phone) ?? {};
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

/** A phone of the caller's customer. */
function own({ directory }: Services, id: string, caller: Application | null): Phone {
  const found = directory.phones.get(id);
  if (found && (!caller || found.customerId === caller.customerId)) return found;
  throw new Failure('phone_not_found', 'phone not found');
}

export const phoneRoutes = [
  route({
    method: 'POST',
    path: '/v1/phones',
    auth: 'key',
    summary: 'Creates SIP credentials for a phone of the customer. The password is never shown again.',
    body: newPhone,
    status: 201,
    answer: phoneWithPassword,
    errors: ['username_exists', 'limit_reached'],
    async handle({ body: { username }, caller: { customerId }, services }) {
      const { phone, password } = await services.directory.phones.create({ customerId, username });
      return { ...presentPhone(phone, services), password };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/phones',
    auth: 'any',
    summary: "Lists the customer's phones, newest first.",
    query: pageQuery,
    answer: listOf(wire),
    handle({ query, caller, services }) {
      const page = services.directory.phones.list({ customerId: caller?.customerId }, query);
      return presentPage(page, (phone) => presentPhone(phone, services));
    },
  }),
  route({
    method: 'GET',
    path: '/v1/phones/:id',
    auth: 'any',
    summary: 'Reads a phone.',
    answer: wire,
    errors: ['phone_not_found'],
    handle: ({ params, caller, services }) => presentPhone(own(services, params.id, caller), services),
  }),
  route({
    method: 'DELETE',
    path: '/v1/phones/:id',
    auth: 'any',
    summary: 'Deletes a phone: it can neither call nor be called any more.',
    status: 204,
    errors: ['phone_not_found'],
    handle: ({ params, caller, services }) =>
      services.directory.phones.delete(own(services, params.id, caller).id),
  }),
];
