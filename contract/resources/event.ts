import { z } from 'zod';
import { eventCall } from './call.ts';
import { id, pageQuery, time } from './values.ts';

export const eventState = z
  .enum(['pending', 'delivered', 'dead', 'unsent'])
  .describe('`dead`: given up. `unsent`: the application has no `webhook_url`.');

/** An event in the log. */
export const event = z.object({
  id: id('evt'),
  event: z.string(),
  event_key: z.string(),
  sequence: z.int().describe('1, 2, 3, … within the call, without a gap.'),
  call_id: id('call'),
  application_id: id('app'),
  created_at: time,
  call: eventCall.describe('The call as it was at that moment.'),
  data: z.record(z.string(), z.unknown()),
  state: eventState,
  attempts: z.int().describe('Tries so far.'),
  next_attempt_at: time.nullable(),
});

/** One try to deliver an event. */
export const attempt = z.object({
  id: id('dlv'),
  event_id: id('evt'),
  attempt: z.int().describe('1 for the first.'),
  at: time,
  duration_ms: z.int(),
  status: z.int().nullable().describe('The HTTP status, or null where no answer came.'),
  error: z.string().nullable().describe('Why it failed, where it did.'),
  answer: z.string().describe('What the receiver answered, cut at 4 KiB.'),
});

export const eventQuery = pageQuery.extend({
  call_id: z.string().optional(),
  event: z.string().max(100).optional().describe('Only events of this name.'),
  state: eventState.optional(),
});

export const eventWithAttempts = event.extend({ deliveries: z.array(attempt) });
