import { defineAction, noFields } from './define.ts';

export const resume = defineAction({
  type: 'resume',
  summary: 'Ends a `hold`.',
  notes: ['Resuming a call that is not on hold changes nothing.'],
  example: {},
  schema: noFields,
});
