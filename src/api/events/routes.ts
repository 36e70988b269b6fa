import { z } from 'zod';
import {
  attempt,
  eventQuery,
  eventWithAttempts,
  listOf,
  pageQuery,
  event as wire,
} from '../../../contract/resources/index.ts';
import { presentPage } from '../page.ts';
import { route } from '../route.ts';
import { visible } from '../visible.ts';
import { presentAttempt, presentEvent } from './present.ts';

export const eventRoutes = [
  route({
    method: 'GET',
    path: '/v1/events',
    auth: 'any',
    summary: 'Lists events, newest first; those of one call in order of sequence.',
    query: eventQuery,
    answer: listOf(wire),
    async handle({ query, caller, services }) {
      const { call_id: callId, event, state } = query;
      const filter = { applicationId: caller?.id, callId, event, state };
      return presentPage(await services.events.events(filter, query), presentEvent);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/events/:id',
    auth: 'any',
    summary: 'Reads an event, with the tries to deliver it: the first 200, up to 1 MiB.',
    answer: eventWithAttempts,
    errors: ['event_not_found'],
    async handle({ params, caller, services }) {
      const event = visible(await services.events.event(params.id), caller, 'event_not_found');
      const { data } = await services.events.attempts(event.id, { limit: 200 });
      const deliveries = data.map(presentAttempt);
      return { ...presentEvent(event), deliveries };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/events/:id/attempts',
    auth: 'any',
    summary: 'Lists every try to deliver an event, the first one first.',
    query: pageQuery,
    answer: listOf(attempt),
    errors: ['event_not_found'],
    async handle({ params, query, caller, services }) {
      const { id } = visible(await services.events.event(params.id), caller, 'event_not_found');
      return presentPage(await services.events.attempts(id, query), presentAttempt);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/events/:id/redeliver',
    auth: 'any',
    summary: 'Sends an event once more, now, whatever became of it.',
    body: z.strictObject({}),
    status: 202,
    answer: wire,
    errors: ['event_not_found', 'no_webhook_url'],
    async handle({ params, caller, services }) {
      const { id } = visible(await services.events.event(params.id), caller, 'event_not_found');
      await services.deliveries.redeliver(id);
      return presentEvent(visible(await services.events.event(id), caller, 'event_not_found'));
    },
  }),
];
