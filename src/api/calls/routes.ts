import { z } from 'zod';
import { checkDocumentText } from '../../../contract/actions/index.ts';
import {
  callQuery,
  event,
  listOf,
  newCall,
  pageQuery,
  timelineEntry,
  timelineQuery,
  call as wire,
} from '../../../contract/resources/index.ts';
import {
  type CallRecord,
  type IdempotencyKey,
  presentCall,
  presentTimelineEntry,
} from '../../calls/index.ts';
import { Failure } from '../../core/index.ts';
import type { Application } from '../../directory/index.ts';
import { presentEvent } from '../events/present.ts';
import { presentPage } from '../page.ts';
import { DOCUMENT_BYTES, route, type Services } from '../route.ts';
import { baseOf } from '../urls.ts';
import { visible } from '../visible.ts';
import { speechRulesOf } from '../voices/rules.ts';
import { oncePerKey } from './idempotency.ts';
import { orderOf } from './order.ts';

/** The call, if it is alive on this node. Fails with `active_call_not_found`. */
export async function liveCall(
  id: string,
  caller: Application | null,
  services: Services,
): Promise<CallRecord> {
  const call = visible(await services.calls.call(id), caller, 'active_call_not_found');
  if (services.live.has(id)) return call;
  throw new Failure('active_call_not_found', 'no such call is active');
}

export const callRoutes = [
  route({
    method: 'POST',
    path: '/v1/calls',
    auth: 'key',
    maxBytes: DOCUMENT_BYTES,
    summary: 'Places an outbound call. Repeated with the same `Idempotency-Key`, it answers the same call.',
    body: newCall,
    status: 201,
    answer: wire,
    errors: [
      'spend_control_exceeded',
      'caller_id_not_allowed',
      'insufficient_balance',
      'rate_not_found',
      'no_active_trunk',
      'cps_limit_reached',
      'concurrent_call_limit_reached',
      'originate_failed',
      'invalid_action_payload',
      'idempotency_key_reused',
      'overloaded',
    ],
    async handle({ body, caller, services, request }) {
      const order = orderOf(body, caller, services);
      const place = (key?: IdempotencyKey) => services.place(caller, order, key);
      return presentCall(
        await oncePerKey(request.headers['idempotency-key'], caller, order, place, services),
      );
    },
  }),
  route({
    method: 'GET',
    path: '/v1/calls',
    auth: 'any',
    summary: 'Lists calls, newest first.',
    query: callQuery,
    answer: listOf(wire),
    async handle({ query, caller, services }) {
      const { created_after: createdAfter, created_before: createdBefore, ...same } = query;
      const filter = { ...same, createdAfter, createdBefore, applicationId: caller?.id };
      return presentPage(await services.calls.calls(filter, query), presentCall);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/calls/:id',
    auth: 'any',
    summary: 'Reads a call.',
    answer: wire,
    errors: ['call_not_found'],
    async handle({ params, caller, services }) {
      return presentCall(visible(await services.calls.call(params.id), caller, 'call_not_found'));
    },
  }),
  route({
    method: 'GET',
    path: '/v1/calls/:id/timeline',
    auth: 'any',
    summary: "Reads a call's timeline: requests, actions and their outcomes, in order.",
    query: timelineQuery,
    answer: listOf(timelineEntry),
    errors: ['call_not_found'],
    async handle({ params, query, caller, services }) {
      const { id } = visible(await services.calls.call(params.id), caller, 'call_not_found');
      return presentPage(await services.calls.timeline(id, query), presentTimelineEntry);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/calls/:id/events',
    auth: 'any',
    summary: 'Lists the events of a call in order of sequence.',
    query: pageQuery,
    answer: listOf(event),
    errors: ['call_not_found'],
    async handle({ params, query, caller, services }) {
      const { id } = visible(await services.calls.call(params.id), caller, 'call_not_found');
      return presentPage(await services.events.events({ callId: id }, query), presentEvent);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/calls/:id/hangup',
    auth: 'any',
    summary: 'Hangs up a live call. The ending is reported by its event.',
    body: z.strictObject({}),
    status: 202,
    answer: wire,
    errors: ['active_call_not_found'],
    async handle({ params, caller, services }) {
      const call = await liveCall(params.id, caller, services);
      services.live.hangup(call.id);
      return presentCall(call);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/calls/:id/actions',
    auth: 'any',
    maxBytes: DOCUMENT_BYTES,
    summary: 'Runs a document on a live call at once, in place of what is being performed.',
    raw: true,
    status: 202,
    answer: z.object({ data: z.object({ call_id: z.string(), actions: z.int().describe('How many.') }) }),
    errors: ['active_call_not_found', 'invalid_action_payload'],
    async handle({ params, text, caller, services }) {
      const call = await liveCall(params.id, caller, services);
      const verdict = checkDocumentText(text, {
        ...services.settings,
        base: baseOf(call.answerUrl),
        speech: speechRulesOf(services.directory.application(call.applicationId) ?? null, services),
      });
      if (!verdict.ok) {
        throw new Failure('invalid_action_payload', 'invalid action payload', { details: verdict.details });
      }
      services.live.perform(call.id, verdict.actions);
      return { data: { call_id: call.id, actions: verdict.actions.length } };
    },
  }),
];
