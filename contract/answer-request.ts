/** The request for a document of actions: to `answer_url`, and to the URL of a `redirect`. */
import { z } from 'zod';
import { gatherResult } from './actions/digits.ts';
import { call } from './resources/call.ts';
import { direction, variables } from './resources/values.ts';

/** How long MiniVoice waits for the response, in milliseconds. */
export const ANSWER_TIMEOUT_MS = 5000;

const reason = z
  .enum(['answer', 'redirect'])
  .describe(
    '`answer`: the first request of the call. `redirect`: a `redirect` action. A request to `fallback_answer_url` has the reason of the request that failed.',
  );

/** The body of a request with POST. */
export const answerRequest = z.object({
  reason,
  call: call.describe('The call at the time of the request, as in `GET /v1/calls/:id`.'),
  variables,
  data: z
    .union([gatherResult, z.object({})])
    .describe('The result of the last `gather`; an empty object if there was none.'),
});

/** The query of a request with GET. */
export const answerQuery = z.object({
  reason,
  call_id: z.string().describe('The id of the call.'),
  direction,
  from: z.string().describe('The caller: a number in E.164, or a SIP user.'),
  to: z.string().describe('The called party: a number in E.164, or a SIP URI.'),
  digits: z
    .string()
    .optional()
    .describe(
      'The `digits` of the last `gather`, with `*` for each sensitive digit; absent if there was none.',
    ),
  gather_status: gatherResult.shape.status
    .optional()
    .describe('The `status` of the last `gather`; absent if there was none.'),
});
