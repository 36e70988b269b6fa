import { z } from 'zod';
import { camelCased } from './camel-case.ts';
import { defineAction } from './define.ts';

export const hangup = defineAction({
  type: 'hangup',
  summary: 'Ends the call.',
  notes: ['As the first action of an answer and with a reason, it refuses the call instead of answering it.'],
  terminal: true,
  example: {},
  schema: z
    .strictObject({
      reason: z
        .enum(['busy', 'rejected'])
        .optional()
        .describe('What the caller is told, where the call has not been answered.'),
    })
    .transform(camelCased),
});
