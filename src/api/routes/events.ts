import { z } from 'zod';
import {
  attempt as attemptSchema,
  eventQuery,
  event as eventSchema,
  eventWithAttempts,
  listOf,
  pageQuery,
} from '../../../contract/resources/index.ts';
import { presentEventCall } from '../../calls/index.ts';
import { rfc3339 } from '../../core/index.ts';
import type { Application } from '../../directory/index.ts';
import type { AttemptRecord, EventRecord } from '../../webhooks/index.ts';
import { presentPage, timeOrNull, visible } from '../resources.ts';
import { route, type Services } from '../route.ts';

export const presentEvent = (event: EventRecord): z.input<typeof eventSchema> => ({
  id: event.id,
  event: event.event,
  event_key: event.eventKey,
  sequence: event.sequence,
  call_id: event.callId,
  application_id: event.applicationId,
  created_at: rfc3339(event.createdAt),
  call: presentEventCall(event.call),
  data: visibleData(event),
  state: event.state,
  attempts: event.attempts,
  next_attempt_at: timeOrNull(event.nextAttemptAt),
});

/** Leaves out the sealed digits; `digits` holds their mask. */
function visibleData({ data: { sealed_digits: _sealed, ...data } }: EventRecord): Record<string, unknown> {
  return data;
}

const presentAttempt = (attempt: AttemptRecord): z.input<typeof attemptSchema> => ({
  id: attempt.id,
  event_id: attempt.eventId,
  attempt: attempt.attempt,
  at: rfc3339(attempt.at),
  duration_ms: Math.round(attempt.durationMs),
  status: attempt.status,
  error: attempt.error,
  answer: attempt.answer,
});

const findEvent = async (
  id: string,
  client: Application | null,
  { events }: Services,
): Promise<EventRecord> => visible(await events.event(id), client, 'event_not_found');

export const eventRoutes = [
  route({
    method: 'GET',
    path: '/v1/events',
    auth: 'any',
    summary: 'Lists events, newest first; the events of one call (`call_id`) in the order of `sequence`.',
    query: eventQuery,
    response: listOf(eventSchema),
    async handle({ query, client, services }) {
      const { call_id: callId, event, state } = query;
      const filter = { applicationId: client?.id, callId, event, state };
      return presentPage(await services.events.events(filter, query), presentEvent);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/events/:id',
    auth: 'any',
    summary: 'Returns an event with its delivery attempts: the first 200, up to 1 MiB.',
    response: eventWithAttempts,
    errors: ['event_not_found'],
    async handle({ params, client, services }) {
      const event = await findEvent(params.id, client, services);
      const { data } = await services.events.attempts(event.id, { limit: 200 });
      return { ...presentEvent(event), deliveries: data.map(presentAttempt) };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/events/:id/attempts',
    auth: 'any',
    summary: 'Lists all delivery attempts of an event, oldest first.',
    query: pageQuery,
    response: listOf(attemptSchema),
    errors: ['event_not_found'],
    async handle({ params, query, client, services }) {
      const { id } = await findEvent(params.id, client, services);
      return presentPage(await services.events.attempts(id, query), presentAttempt);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/events/:id/redeliver',
    auth: 'any',
    summary: 'Sends an event again, now, whatever its state.',
    body: z.strictObject({}),
    status: 202,
    response: eventSchema,
    errors: ['event_not_found', 'no_webhook_url'],
    async handle({ params, client, services }) {
      const { id } = await findEvent(params.id, client, services);
      await services.deliveries.redeliver(id);
      return presentEvent(await findEvent(id, client, services));
    },
  }),
];
