import { z } from 'zod';
import { call } from './resources/call.ts';
import { variables } from './resources/values.ts';

/** What the last gather brought, in a request after it. */
export const gatherResult = z.object({
  digits: z.string(),
  status: z.enum(['completed', 'timed_out', 'canceled']),
  timed_out: z.boolean(),
});

/** The body of the request to `answer_url`, and of a redirect with POST. */
export const answerRequest = z.object({
  reason: z.enum(['answer', 'redirect']).describe('`redirect` when an action asked for it.'),
  call: call.describe('The call as it is at this moment.'),
  variables,
  data: z.union([gatherResult, z.object({})]).describe('After a gather: its result. Else empty.'),
});

/** The query of the same request with GET. */
export const answerQuery = z.object({
  reason: z.enum(['answer', 'redirect']),
  call_id: z.string(),
  direction: z.enum(['inbound', 'outbound']),
  from: z.string(),
  to: z.string(),
  digits: z.string().optional().describe('After a gather: what was pressed; `*` for each sensitive digit.'),
  gather_status: z.enum(['completed', 'timed_out', 'canceled']).optional(),
});
