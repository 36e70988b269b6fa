import { z } from 'zod';
import { defineAction } from './define.ts';
import { destinationFields, eitherDestination, oneDestinationOnly, someDestination } from './destination.ts';

export const transfer = defineAction({
  type: 'transfer',
  summary: 'Calls a destination, connects the caller to it and ends the flow.',
  notes: [
    'After a failed transfer (busy, no answer, unreachable) the actions that follow do run.',
    'The second leg is relayed, so a recording goes on with the destination on its right channel.',
  ],
  terminal: true,
  example: { destination: '+15550100001' },
  schema: z
    .strictObject({
      ...destinationFields,
      timeout_seconds: z
        .int()
        .min(5)
        .max(120)
        .default(30)
        .describe(
          'How long the destination may ring, in seconds; with `refer`, how long to wait for the report of the far end.',
        ),
      mode: z
        .enum(['relay', 'refer'])
        .default('relay')
        .describe(
          '`relay` keeps the call here; `refer` hands it over with a SIP REFER, unless the customer is charged for calls.',
        ),
    })
    .refine(...someDestination)
    .refine(...oneDestinationOnly)
    .refine(({ mode, sip_headers }) => mode === 'relay' || sip_headers === undefined, {
      path: ['sip_headers'],
      error: 'sip_headers needs mode relay: with refer, the far end sends the INVITE',
      params: { code: 'conflict', expected: 'mode relay' },
    })
    .meta(eitherDestination)
    .transform(({ destination, to, timeout_seconds, sip_headers, ...rest }) => ({
      ...rest,
      destination: (destination ?? to)!,
      timeoutSeconds: timeout_seconds,
      sipHeaders: sip_headers,
    })),
});
