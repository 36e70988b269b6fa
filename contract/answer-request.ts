import { z } from 'zod';
import { call } from './resources/call.ts';
import { variables } from './resources/values.ts';

/** What the last gather brought, in a request after it. */
export const gatherResult = z.object({
  digits: z.string().describe('What was pressed, without `finish_on_key`; also where the timeout ended it.'),
  status: z
    .enum(['completed', 'timed_out', 'canceled'])
    .describe('`timed_out`: fewer than `min_digits` came; `canceled`: the call or its flow ended before.'),
  timed_out: z.boolean().describe('Whether the timeout ended it, with enough digits or too few.'),
});

/** The body of the request to `answer_url`, and of a redirect with POST. */
export const answerRequest = z.object({
  reason: z.enum(['answer', 'redirect']).describe('`redirect` when an action asked for it.'),
  call: call.describe('The call as it is at this moment.'),
  variables,
  data: z
    .union([gatherResult, z.object({})])
    .describe(
      'The result of the last `gather`: `digits`, `status`, `timed_out`. Empty where there was none.',
    ),
});

/** The query of the same request with GET. */
export const answerQuery = z.object({
  reason: z.enum(['answer', 'redirect']),
  call_id: z.string(),
  direction: z.enum(['inbound', 'outbound']),
  from: z.string(),
  to: z.string(),
  digits: z.string().optional().describe('After a gather: what was pressed; `*` for each sensitive digit.'),
  gather_status: z
    .enum(['completed', 'timed_out', 'canceled'])
    .optional()
    .describe('After a gather: its `status`.'),
});
