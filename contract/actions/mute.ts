import { z } from 'zod';
import { camelCased } from './camel-case.ts';
import { defineAction } from './define.ts';

/** Which way the sound is cut off, for `mute` and `unmute`. */
export const directionFields = z
  .strictObject({
    direction: z
      .enum(['read', 'write', 'both'])
      .describe(
        '`write`: the far end no longer hears the caller. `read`: the caller no longer hears the far end.',
      ),
  })
  .transform(camelCased);

export const mute = defineAction({
  type: 'mute',
  summary: 'Cuts the sound in one direction or both, until `unmute`.',
  notes: ['Muting what is mute changes nothing.'],
  example: { direction: 'write' },
  schema: directionFields,
});
