import { z } from 'zod';
import { camelCased } from './camel-case.ts';
import { defineAction } from './define.ts';

export const pauseRecording = defineAction({
  type: 'pause_recording',
  summary: 'Keeps what is said out of every file, stream, transcript and log, until `resume_recording`.',
  example: { mode: 'silence' },
  schema: z
    .strictObject({
      mode: z
        .enum(['silence', 'skip'])
        .default('silence')
        .describe('`silence` keeps the length of the call in the file, `skip` leaves the pause out.'),
    })
    .transform(camelCased),
});
