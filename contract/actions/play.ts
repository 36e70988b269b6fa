import { z } from 'zod';
import { url } from '../fields.ts';
import { camelCased } from './camel-case.ts';
import { defineAction } from './define.ts';

const playFrom = (fileUrl: ReturnType<typeof url>) =>
  defineAction({
    type: 'play',
    summary: 'Plays a sound file to the caller and ends when its playback ends.',
    notes: ['WAV (PCM, µ-law, A-law) and MP3 files are played, whatever their rate and channels.'],
    example: { url: 'https://example.com/sounds/welcome.wav', loop: 1 },
    schema: z
      .strictObject({
        url: fileUrl.describe('Where the file is, https.'),
        loop: z.int().min(1).max(10).default(1).describe('How many times the file is played.'),
      })
      .transform(camelCased),
  });

export const play = playFrom(url('https'));

/** For development, where files may come from plain http. */
export const playFromAnywhere = playFrom(url('https', 'http'));
