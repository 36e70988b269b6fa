import { z } from 'zod';
import { eventCall } from './call.ts';
import { createdAt, id, pageQuery, time } from './values.ts';

export const eventState = z
  .enum(['pending', 'delivered', 'dead', 'unsent'])
  .describe(
    'The state of the delivery. `dead`: all attempts failed. `unsent`: the application has no `webhook_url`.',
  );

/** A stored event. */
export const event = z.object({
  id: id('evt'),
  event: z.string().describe('The name of the event, such as `call.answered`.'),
  event_key: z.string().describe('Identifies the event, as in `data.event_key` of the webhook.'),
  sequence: z.int().describe('The number of the event in the call: 1, 2, 3, … without a gap.'),
  call_id: id('call'),
  application_id: id('app'),
  created_at: createdAt,
  call: eventCall.describe('The call at the time of the event.'),
  data: z
    .record(z.string(), z.unknown())
    .describe('The `data` of the webhook, with sensitive digits masked.'),
  state: eventState,
  attempts: z.int().describe('The number of delivery attempts so far.'),
  next_attempt_at: time.nullable().describe('The time of the next attempt; null if there is none.'),
});

/** One attempt to deliver an event. */
export const attempt = z.object({
  id: id('dlv'),
  event_id: id('evt'),
  attempt: z.int().describe('The number of the attempt, from 1.'),
  at: time.describe('The time of the attempt.'),
  duration_ms: z.int().describe('The duration of the attempt in milliseconds.'),
  status: z.int().nullable().describe('The HTTP status; null if there was no response.'),
  error: z
    .string()
    .nullable()
    .describe('The reason of the failure; null if the receiver accepted the event.'),
  answer: z.string().describe('The body of the response, up to 4 KiB.'),
});

export const eventQuery = pageQuery.extend({
  call_id: z.string().optional().describe('Returns only the events of this call.'),
  event: z.string().max(100).optional().describe('Returns only events with this name.'),
  state: eventState.optional(),
});

export const eventWithAttempts = event.extend({
  deliveries: z.array(attempt).describe('The delivery attempts, oldest first.'),
});
