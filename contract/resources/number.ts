import { z } from 'zod';
import { e164, sipUri } from '../fields.ts';
import { createdAt, id, pageQuery, routeMode, updatedAt } from './values.ts';

const status = z.enum(['active', 'inactive']).describe('`inactive`: calls to the number are rejected.');
const provider = z
  .string()
  .min(1)
  .max(100)
  .optional()
  .describe('The provider of the number. Default: `local`.');

export const did = z.object({
  id: id('did'),
  customer_id: id('cust'),
  application_id: id('app').nullable().describe('null if the number is not assigned to an application.'),
  number_e164: z.string().describe('The phone number in E.164, such as `+15550100000`.'),
  provider: z.string().describe('The provider of the number.'),
  status,
  route_mode: routeMode,
  routing_target: z.string().nullable().describe('The SIP URI for `route_mode` `sip`.'),
  created_at: createdAt,
  updated_at: updatedAt,
});

/** The fields of a number that an API key may change. */
export const didPatch = z.strictObject({
  status: status.optional(),
  route_mode: routeMode.optional(),
  routing_target: sipUri.nullable().optional().describe('A SIP URI. Required with `route_mode` `sip`.'),
});

export const newDid = z.strictObject({
  application_id: z.string().describe('The application that handles calls to the number.'),
  number_e164: e164.describe('The phone number in E.164, such as `+15550100000`.'),
  provider,
  status: status.optional(),
  route_mode: routeMode.optional().describe('Default: `webhook`.'),
  routing_target: sipUri.nullable().optional().describe('A SIP URI. Required with `route_mode` `sip`.'),
});

/** The fields of a number that the operator may change. */
export const didAdminPatch = didPatch.extend({
  application_id: z
    .string()
    .nullable()
    .optional()
    .describe('The application that handles calls to the number; null assigns it to none.'),
  provider: z.string().min(1).max(100).optional().describe('The provider of the number.'),
});

export const didQuery = pageQuery.extend({
  application_id: z.string().optional().describe('Returns only the numbers of this application.'),
});

export const verifiedNumber = z.object({
  id: id('vnum'),
  customer_id: id('cust'),
  number_e164: z.string().describe('The phone number in E.164, such as `+15550100000`.'),
  created_at: createdAt,
});

export const newVerifiedNumber = z.strictObject({
  number_e164: e164.describe(
    'A number that belongs to the customer, as the operator has verified. Calls of the customer may use it as caller ID.',
  ),
});
