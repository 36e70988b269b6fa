import { defineAction, noFields } from './define.ts';

export const resumeRecording = defineAction({
  type: 'resume_recording',
  summary: 'Ends a `pause_recording`.',
  example: {},
  schema: noFields,
});
