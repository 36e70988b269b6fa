import { z } from 'zod';
import { formatted, host, oneLine } from '../fields.ts';
import { createdAt, id, updatedAt } from './values.ts';

const transport = z.enum(['udp', 'tcp', 'tls']);
const callerIds = z.enum(['owned', 'any']);

export const trunk = z.object({
  id: id('trunk'),
  customer_id: id('cust').nullable().describe('null: a shared trunk, for the calls of all customers.'),
  name: z.string().describe('A name for people.'),
  gateway_name: z
    .string()
    .describe("A name for logs and metrics, unique among the customer's trunks and the shared trunks."),
  direction: z
    .enum(['inbound', 'outbound', 'both'])
    .describe('`both` if `inbound_ip` is set, otherwise `outbound`.'),
  proxy: z.string().describe('The host or IP address of the carrier, with an optional port.'),
  transport: transport.describe('The SIP transport.'),
  username: z.string().nullable().describe('The user name for digest authentication.'),
  realm: z.string().nullable().describe('The realm for digest authentication; null: any realm.'),
  from_domain: z.string().nullable().describe('The domain in the From header; null: the host of MiniVoice.'),
  inbound_ip: z
    .string()
    .nullable()
    .describe(
      'The source of inbound calls: an IP address or a CIDR block. null: only the address of the proxy.',
    ),
  is_active: z.boolean().describe('Whether the trunk carries calls.'),
  register: z.boolean().describe('Whether MiniVoice registers with the carrier.'),
  registered: z.boolean().describe('Whether the registration with the carrier is active now.'),
  srtp: z.boolean().describe('Whether the audio is encrypted (SRTP).'),
  caller_ids: callerIds.describe('The caller IDs that the trunk allows, as in the request.'),
  forward_caller_id: z
    .boolean()
    .describe(
      'Whether a transfer or bridge may also use the number of a caller that arrived over a shared trunk.',
    ),
  country: z
    .string()
    .nullable()
    .describe('The country of the national number format that the carrier sends, such as `US`.'),
  created_at: createdAt,
  updated_at: updatedAt,
});

export const newTrunk = z.strictObject({
  name: oneLine(200).trim().min(1).describe('A name for people.'),
  proxy: host.describe('The host or IP address of the carrier, with an optional port.'),
  username: oneLine(200).nullable().optional().describe('The user name for digest authentication.'),
  password: oneLine(200)
    .nullable()
    .optional()
    .describe('The password for digest authentication. Never returned.'),
  realm: oneLine(200)
    .nullable()
    .optional()
    .describe('The realm for digest authentication. Default: the realm in the challenge of the carrier.'),
  from_domain: host
    .nullable()
    .optional()
    .describe('The domain in the From header. Default: the host of MiniVoice.'),
  inbound_ip: z
    .union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], { error: 'an IP address or a CIDR block' })
    .nullable()
    .optional()
    .describe(
      "The source of inbound calls: an IP address or a CIDR block. For a customer's trunk at most an IPv4 /24 or an IPv6 /64.",
    ),
  is_active: z.boolean().optional().describe('false: the trunk carries no calls. Default: true.'),
  gateway_name: formatted(/^[A-Za-z0-9._-]+$/, 'made of letters, digits, ".", "-" and "_"')
    .max(100)
    .optional()
    .describe('A name for logs and metrics. Default: the id of the trunk.'),
  transport: transport.optional().describe('The SIP transport. Default: `udp`.'),
  register: z.boolean().optional().describe('Whether MiniVoice registers with the carrier. Default: false.'),
  srtp: z.boolean().optional().describe('Whether the audio is encrypted (SRTP). Default: false.'),
  caller_ids: callerIds
    .optional()
    .describe(
      "The caller IDs that the trunk allows. `owned`: numbers and verified numbers of the customer. `any`: any `from`. Default: `owned` for shared trunks, `any` for a customer's own.",
    ),
  forward_caller_id: z
    .boolean()
    .optional()
    .describe(
      'With `owned`: whether a transfer or bridge may also use the number of a caller that arrived over a shared trunk. Default: true.',
    ),
  country: formatted(/^[A-Z]{2}$/, 'an ISO 3166-1 country code in capitals, such as US')
    .nullable()
    .optional()
    .describe(
      'The country of the national number format that the carrier sends. With `US`, `5550100000` means `+15550100000`. Default: none; only numbers in international format are recognized.',
    ),
});

export const trunkPatch = newTrunk.partial();

export const newAdminTrunk = newTrunk.extend({
  customer_id: z
    .string()
    .nullable()
    .optional()
    .describe('null or absent: a shared trunk, for the calls of all customers.'),
});
