import { z } from 'zod';
import { checkDocumentText, MAX_DOCUMENT_BYTES } from '../../../contract/actions/index.ts';
import { errorMessage } from '../../../contract/errors.ts';
import {
  callQuery,
  call as callSchema,
  event,
  listOf,
  newCall,
  pageQuery,
  timelineEntry,
  timelineQuery,
} from '../../../contract/resources/index.ts';
import { type CallRecord, presentCall, presentTimelineEntry } from '../../calls/index.ts';
import { Failure } from '../../core/index.ts';
import type { Application } from '../../directory/index.ts';
import { presentPage, visible } from '../resources.ts';
import { route, type Services } from '../route.ts';
import { checkOptions } from './actions.ts';
import { presentEvent } from './events.ts';
import { orderOf, placeOncePerKey } from './place-call.ts';

/** Returns a call of the client. Fails with `call_not_found`. */
const findCall = async (id: string, client: Application | null, { calls }: Services): Promise<CallRecord> =>
  visible(await calls.call(id), client, 'call_not_found');

/** Returns a call that is live on this node. Fails with `active_call_not_found`. */
export async function findLiveCall(
  id: string,
  client: Application | null,
  services: Services,
): Promise<CallRecord> {
  const call = visible(await services.calls.call(id), client, 'active_call_not_found');
  if (services.live.has(id)) return call;
  throw new Failure('active_call_not_found', errorMessage('active_call_not_found'));
}

export const callRoutes = [
  route({
    method: 'POST',
    path: '/v1/calls',
    auth: 'key',
    maxBytes: MAX_DOCUMENT_BYTES,
    summary:
      'Places an outbound call. A repeated request with the same `Idempotency-Key` returns the same call.',
    body: newCall,
    status: 201,
    response: callSchema,
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
    async handle({ body, client, services, request }) {
      const order = orderOf(body, client, services);
      const key = request.headers['idempotency-key'];
      return presentCall(await placeOncePerKey(key, client, order, services));
    },
  }),
  route({
    method: 'GET',
    path: '/v1/calls',
    auth: 'any',
    summary: 'Lists calls, newest first.',
    query: callQuery,
    response: listOf(callSchema),
    async handle({ query, client, services }) {
      const { created_after: createdAfter, created_before: createdBefore, ...same } = query;
      const filter = { ...same, createdAfter, createdBefore, applicationId: client?.id };
      return presentPage(await services.calls.calls(filter, query), presentCall);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/calls/:id',
    auth: 'any',
    summary: 'Returns a call.',
    response: callSchema,
    errors: ['call_not_found'],
    handle: async ({ params, client, services }) => presentCall(await findCall(params.id, client, services)),
  }),
  route({
    method: 'GET',
    path: '/v1/calls/:id/timeline',
    auth: 'any',
    summary: 'Returns the timeline of a call: requests, actions and their results, in order.',
    query: timelineQuery,
    response: listOf(timelineEntry),
    errors: ['call_not_found'],
    async handle({ params, query, client, services }) {
      const { id } = await findCall(params.id, client, services);
      return presentPage(await services.calls.timeline(id, query), presentTimelineEntry);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/calls/:id/events',
    auth: 'any',
    summary: 'Lists the events of a call in the order of `sequence`.',
    query: pageQuery,
    response: listOf(event),
    errors: ['call_not_found'],
    async handle({ params, query, client, services }) {
      const { id } = await findCall(params.id, client, services);
      return presentPage(await services.events.events({ callId: id }, query), presentEvent);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/calls/:id/hangup',
    auth: 'any',
    summary: 'Hangs up a live call. An event reports the ending.',
    body: z.strictObject({}),
    status: 202,
    response: callSchema,
    errors: ['active_call_not_found'],
    async handle({ params, client, services }) {
      const call = await findLiveCall(params.id, client, services);
      services.live.hangup(call.id);
      return presentCall(call);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/calls/:id/actions',
    auth: 'any',
    maxBytes: MAX_DOCUMENT_BYTES,
    summary:
      'Runs a document on a live call at once. Its actions replace the running ones, unless all of them can run beside these, such as `mute` and `start_recording`.',
    raw: true,
    status: 202,
    response: z.object({
      data: z.object({ call_id: z.string(), actions: z.int().describe('The number of actions.') }),
    }),
    errors: ['active_call_not_found', 'invalid_action_payload'],
    async handle({ params, text, client, services }) {
      const call = await findLiveCall(params.id, client, services);
      const application = services.directory.application(call.applicationId) ?? null;
      const verdict = checkDocumentText(text, checkOptions(application, call.answerUrl, services));
      if (!verdict.ok) {
        const { details } = verdict;
        throw new Failure('invalid_action_payload', errorMessage('invalid_action_payload'), { details });
      }
      services.live.perform(call.id, verdict.actions);
      return { data: { call_id: call.id, actions: verdict.actions.length } };
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/calls/:id',
    auth: 'any',
    summary:
      'Erases an ended call and everything derived from it: events, timeline, recordings, transcripts, analysis. Its cost remains in the balance.',
    status: 204,
    errors: ['call_not_found', 'call_active', 'call_events_pending'],
    async handle({ params, client, services }) {
      const { id } = await findCall(params.id, client, services);
      if (services.live.has(id)) throw new Failure('call_active', errorMessage('call_active'));
      await services.eraser.eraseCall(id);
    },
  }),
];
