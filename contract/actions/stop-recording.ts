import { defineAction, noFields } from './define.ts';

export const stopRecording = defineAction({
  type: 'stop_recording',
  summary: 'Stops the running recording and makes its file available.',
  notes: ['With no recording running the action fails with `recording_not_started`, and the flow goes on.'],
  events: ['recording.completed', 'recording.failed'],
  example: {},
  schema: noFields,
});
