import { defineAction, noFields } from './define.ts';

export const hold = defineAction({
  type: 'hold',
  summary: "Plays hold music to the caller and keeps the caller's sound from everybody, until `resume`.",
  notes: ['Holding a call that is on hold already changes nothing.'],
  example: {},
  schema: noFields,
});
