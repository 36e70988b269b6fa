import { z } from 'zod';
import { documentUrl } from '../fields.ts';
import { camelCased } from './camel-case.ts';
import { defineAction } from './define.ts';

export const play = defineAction({
  type: 'play',
  summary: 'Plays a sound file to the caller and ends when its playback ends.',
  notes: [
    'WAV (PCM, µ-law, A-law) and MP3 files are played, whatever their rate and channels, up to 25 MB and half an hour.',
    'Up to five redirects are followed. What HTTP lets us keep is kept, and asked about again with its `ETag` or date.',
    'A file that gives no sound fails with `unsupported_sound`, one that cannot be fetched with `play_failed`.',
  ],
  example: { url: 'https://example.com/sounds/welcome.wav', loop: 1 },
  schema: z
    .strictObject({
      url: documentUrl('https', 'http').describe(
        'Where the file is, https (http with `MINIVOICE_ALLOW_PRIVATE_URLS`); absolute, or relative to the URL of the document.',
      ),
      loop: z.int().min(1).max(10).default(1).describe('How many times the file is played.'),
    })
    .transform(camelCased),
});
