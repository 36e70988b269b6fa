import { z } from 'zod';
import { formatted } from '../fields.ts';
import { camelCased } from './camel-case.ts';
import { defineAction } from './define.ts';

export const conference = defineAction({
  type: 'conference',
  summary: 'Joins a room: all calls of the application in the room of that name hear each other.',
  notes: ['A room holds up to 100 participants. Whoever is alone in it hears silence.'],
  terminal: true,
  example: { room: 'support-room', end_on_exit: true },
  schema: z
    .strictObject({
      room: formatted(/^[A-Za-z0-9._-]+$/, 'made of letters, digits, ".", "-" and "_"')
        .max(64)
        .describe("The room's name: 1 to 64 letters, digits, `.`, `-`, `_`."),
      mute: z.boolean().default(false).describe('The others do not hear this participant.'),
      end_on_exit: z.boolean().default(false).describe('The room closes when this participant leaves.'),
    })
    .transform(camelCased),
});
