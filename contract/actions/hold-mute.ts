import { z } from 'zod';
import { camelCased, defineAction, noFields } from './define.ts';

export const hold = defineAction({
  type: 'hold',
  summary:
    'Puts the caller on hold until `resume`: the caller hears hold music, and nobody hears the caller.',
  notes: ['If the call is already on hold, nothing changes.'],
  example: {},
  schema: noFields,
});

export const resume = defineAction({
  type: 'resume',
  summary: 'Ends a `hold`.',
  notes: ['If the call is not on hold, nothing changes.'],
  example: {},
  schema: noFields,
});

const directionFields = z
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
  summary: 'Mutes one direction or both until `unmute`.',
  notes: ['If the direction is already muted, nothing changes.'],
  example: { direction: 'write' },
  schema: directionFields,
});

export const unmute = defineAction({
  type: 'unmute',
  summary: 'Ends a `mute`.',
  notes: ['If the direction is not muted, nothing changes.'],
  example: { direction: 'both' },
  schema: directionFields,
});
