import type { z } from 'zod';
import type { didAdminPatch, did as wire } from '../../../contract/resources/index.ts';
import { rfc3339 } from '../../core/index.ts';
import type { Did, DidFields } from '../../directory/index.ts';

export const presentDid = (did: Did): z.input<typeof wire> => ({
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

/** What a body sets on a number; undefined where it says nothing. */
export function didFields(body: z.output<typeof didAdminPatch>): {
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
