import { z } from 'zod';
import { e164, sipUri } from '../fields.ts';
import { id, pageQuery, routeMode, time } from './values.ts';

const status = z.enum(['active', 'inactive']).describe('An inactive number refuses its calls.');

export const did = z.object({
  id: id('did'),
  customer_id: id('cust'),
  application_id: id('app').nullable().describe('Null while the number is assigned to no application.'),
  number_e164: z.string(),
  provider: z.string().describe('Whom the number comes from.'),
  status,
  route_mode: routeMode,
  routing_target: z.string().nullable().describe('A SIP URI, with route mode `sip`.'),
  created_at: time,
  updated_at: time,
});

/** What an application's key may change of its numbers. */
export const didPatch = z.strictObject({
  status: status.optional(),
  route_mode: routeMode.optional(),
  routing_target: sipUri.nullable().optional().describe('A SIP URI, required with route mode `sip`.'),
});

export const newDid = z.strictObject({
  application_id: z.string().describe('The application that answers its calls.'),
  number_e164: e164,
  provider: z.string().min(1).max(100).optional().describe('Default: `local`.'),
  status: status.optional(),
  route_mode: routeMode.optional().describe('Default: `webhook`.'),
  routing_target: sipUri.nullable().optional(),
});

/** What the operator may change of a number. */
export const didAdminPatch = didPatch.extend({
  application_id: z.string().nullable().optional(),
  provider: z.string().min(1).max(100).optional(),
});

export const didQuery = pageQuery.extend({ application_id: z.string().optional() });
