import { defineAction } from './define.ts';
import { directionFields } from './mute.ts';

export const unmute = defineAction({
  type: 'unmute',
  summary: 'Lets the sound through again that `mute` has cut.',
  notes: ['Unmuting what is not mute changes nothing.'],
  example: { direction: 'both' },
  schema: directionFields,
});
