import { z } from 'zod';
import { formatted, host, oneLine } from '../fields.ts';
import { id, time } from './values.ts';

const transport = z.enum(['udp', 'tcp', 'tls']);

export const trunk = z.object({
  id: id('trunk'),
  customer_id: id('cust').nullable().describe('Null: for the calls of all customers.'),
  name: z.string(),
  gateway_name: z
    .string()
    .describe("A name for the log and the metrics, unique among a customer's trunks and those for all."),
  direction: z
    .enum(['inbound', 'outbound', 'both'])
    .describe('`both` where `inbound_ip` is set, else `outbound`.'),
  proxy: z.string(),
  transport,
  username: z.string().nullable(),
  realm: z.string().nullable(),
  from_domain: z.string().nullable(),
  inbound_ip: z.string().nullable(),
  is_active: z.boolean(),
  register: z.boolean(),
  registered: z.boolean().describe('Whether the carrier has accepted our registration, now.'),
  srtp: z.boolean(),
  caller_ids: z.enum(['owned', 'any']),
  forward_caller_id: z.boolean(),
  country: z.string().nullable(),
  created_at: time,
  updated_at: time,
});

export const newTrunk = z.strictObject({
  name: oneLine(200).trim().min(1).describe('What people call it.'),
  proxy: host.describe("The carrier's host or address, with or without a port."),
  username: oneLine(200).nullable().optional().describe('For digest authentication.'),
  password: oneLine(200).nullable().optional().describe('For digest authentication. Never shown.'),
  realm: oneLine(200).nullable().optional().describe('Default: whatever the carrier asks with.'),
  from_domain: host.nullable().optional().describe('The domain of From. Default: ours.'),
  inbound_ip: z
    .union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], { error: 'an IP address or a CIDR block' })
    .nullable()
    .optional()
    .describe(
      "Where inbound calls come from: an address or a CIDR block. Of a customer's trunk, a /24 of IPv4 or a /64 of IPv6 at most.",
    ),
  is_active: z.boolean().optional().describe('An inactive trunk carries no calls. Default: true.'),
  gateway_name: formatted(/^[A-Za-z0-9._-]+$/, 'made of letters, digits, ".", "-" and "_"')
    .max(100)
    .optional()
    .describe("A name for the log and the metrics. Default: the trunk's id."),
  transport: transport.optional().describe('Default: `udp`.'),
  register: z.boolean().optional().describe('Registers with the carrier. Default: false.'),
  srtp: z.boolean().optional().describe('Sound is encrypted. Default: false.'),
  caller_ids: z
    .enum(['owned', 'any'])
    .optional()
    .describe(
      "`owned`: calls show numbers and verified numbers of their customer only; `any`: whatever `from` says. Default: `owned` of trunks for all, `any` of a customer's own.",
    ),
  forward_caller_id: z
    .boolean()
    .optional()
    .describe(
      'With `owned`: a transfer or bridge may show the caller who called in over a trunk for all. Default: true.',
    ),
  country: formatted(/^[A-Z]{2}$/, 'an ISO 3166-1 country code in capitals, such as US')
    .nullable()
    .optional()
    .describe(
      'The country whose national number formats the carrier sends, such as `US`: `5550100000` is `+15550100000` then. Default: none, and only numbers in international form are known.',
    ),
});

export const trunkPatch = newTrunk.partial();

export const newAdminTrunk = newTrunk.extend({
  customer_id: z.string().nullable().optional().describe('Null or absent: for the calls of all customers.'),
});
