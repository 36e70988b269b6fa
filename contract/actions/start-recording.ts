import { z } from 'zod';
import { camelCased } from './camel-case.ts';
import { defineAction } from './define.ts';

export const startRecording = defineAction({
  type: 'start_recording',
  summary: 'Starts recording the call and goes on at once.',
  notes: ['While a recording runs, starting another changes nothing: the running one goes on.'],
  events: ['recording.started', 'recording.failed'],
  example: {},
  schema: z
    .strictObject({
      channels: z
        .literal([1, 2])
        .default(2)
        .describe('2 keeps the caller left and what the caller hears right; 1 mixes them.'),
      format: z.enum(['wav', 'mp3']).default('wav').describe('The kind of file.'),
      max_seconds: z
        .int()
        .min(1)
        .max(14_400)
        .default(14_400)
        .describe('After how many seconds the recording ends by itself.'),
      beep: z.boolean().default(false).describe('Plays a short tone before the recording starts.'),
    })
    .transform(camelCased),
});
