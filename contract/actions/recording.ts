import { z } from 'zod';
import { camelCased, defineAction, noFields } from './define.ts';

export const startRecording = defineAction({
  type: 'start_recording',
  summary: 'Starts a recording of the call; the next action runs at once.',
  notes: ['If a recording is already running, it continues and no other one starts.'],
  events: ['recording.started', 'recording.failed'],
  example: {},
  schema: z
    .strictObject({
      channels: z
        .literal([1, 2])
        .default(2)
        .describe('2: the caller is on the left channel, and what the caller hears on the right. 1: mixed.'),
      format: z.enum(['wav', 'mp3']).default('wav').describe('The file format.'),
      max_seconds: z
        .int()
        .min(1)
        .max(14_400)
        .default(14_400)
        .describe('Ends the recording after this many seconds.'),
      beep: z.boolean().default(false).describe('Plays a short tone before the recording starts.'),
    })
    .transform(camelCased),
});

export const stopRecording = defineAction({
  type: 'stop_recording',
  summary: 'Stops the running recording and makes its file available.',
  notes: [
    'If no recording is running, the action fails with `recording_not_started`, and the flow continues.',
  ],
  events: ['recording.completed', 'recording.failed'],
  example: {},
  schema: noFields,
});

export const pauseRecording = defineAction({
  type: 'pause_recording',
  summary: 'Keeps the conversation out of all files, streams, transcripts and logs until `resume_recording`.',
  example: { mode: 'silence' },
  schema: z
    .strictObject({
      mode: z
        .enum(['silence', 'skip'])
        .default('silence')
        .describe(
          '`silence`: the file has silence for the length of the pause. `skip`: the file omits the pause.',
        ),
    })
    .transform(camelCased),
});

export const resumeRecording = defineAction({
  type: 'resume_recording',
  summary: 'Ends a `pause_recording`.',
  example: {},
  schema: noFields,
});
