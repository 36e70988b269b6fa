import type { z } from 'zod';
import type { trunkPatch, trunk as wire } from '../../../contract/resources/index.ts';
import { rfc3339 } from '../../core/index.ts';
import type { Trunk, TrunkFields } from '../../directory/index.ts';
import type { Services } from '../route.ts';

/** A trunk as it is answered: never with its password. */
export const presentTrunk = (trunk: Trunk, { lines }: Services): z.input<typeof wire> => ({
  id: trunk.id,
  customer_id: trunk.customerId,
  name: trunk.name,
  gateway_name: trunk.gatewayName,
  direction: trunk.inboundIp === null ? 'outbound' : 'both',
  proxy: trunk.proxy,
  transport: trunk.transport,
  username: trunk.username,
  realm: trunk.realm,
  from_domain: trunk.fromDomain,
  inbound_ip: trunk.inboundIp,
  is_active: trunk.isActive,
  register: trunk.register,
  registered: lines?.trunkRegistered(trunk.id) ?? false,
  srtp: trunk.srtp,
  caller_ids: trunk.callerIds,
  forward_caller_id: trunk.forwardCallerId,
  country: trunk.country,
  created_at: rfc3339(trunk.createdAt),
  updated_at: rfc3339(trunk.updatedAt),
});

/** What a body sets on a trunk; undefined where it says nothing. */
export function trunkFields(body: z.output<typeof trunkPatch>): {
  [Field in keyof TrunkFields]?: TrunkFields[Field] | undefined;
} {
  return {
    name: body.name,
    proxy: body.proxy,
    username: body.username,
    password: body.password,
    realm: body.realm,
    fromDomain: body.from_domain,
    inboundIp: body.inbound_ip,
    isActive: body.is_active,
    gatewayName: body.gateway_name,
    transport: body.transport,
    register: body.register,
    srtp: body.srtp,
    callerIds: body.caller_ids,
    forwardCallerId: body.forward_caller_id,
    country: body.country,
  };
}
