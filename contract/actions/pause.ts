import { z } from 'zod';
import { camelCased } from './camel-case.ts';
import { defineAction } from './define.ts';

export const pause = defineAction({
  type: 'pause',
  summary: 'Waits in silence.',
  example: { seconds: 1.5 },
  schema: z
    .strictObject({ seconds: z.number().min(0.1).max(60).describe('How long, in seconds.') })
    .transform(camelCased),
});
