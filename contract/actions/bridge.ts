import { z } from 'zod';
import { defineAction } from './define.ts';
import { destinationFields, eitherDestination, oneDestinationOnly, someDestination } from './destination.ts';

export const bridge = defineAction({
  type: 'bridge',
  summary:
    'Calls a destination and joins it to the caller when it answers; the caller hears ringing meanwhile.',
  notes: [
    'Once joined the call ends when either side hangs up, unless `continue_after` is set.',
    'After a failed bridge (busy, no answer, unreachable) the actions that follow do run.',
  ],
  terminal: true,
  example: { destination: 'sip:desk@example.com', timeout_seconds: 20 },
  schema: z
    .strictObject({
      ...destinationFields,
      timeout_seconds: z
        .int()
        .min(5)
        .max(120)
        .default(20)
        .describe('How long the destination may ring, in seconds.'),
      continue_after: z
        .boolean()
        .default(false)
        .describe('The flow goes on with the next action when the far side hangs up.'),
    })
    .refine(...someDestination)
    .refine(...oneDestinationOnly)
    .meta(eitherDestination)
    .transform(({ destination, to, timeout_seconds, continue_after, sip_headers, ...rest }) => ({
      ...rest,
      destination: (destination ?? to)!,
      timeoutSeconds: timeout_seconds,
      sipHeaders: sip_headers,
      continueAfter: continue_after,
    })),
});
