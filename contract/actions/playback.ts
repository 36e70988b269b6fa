import { z } from 'zod';
import { documentUrl, language, spoken, voice } from '../fields.ts';
import { camelCased, defineAction } from './define.ts';

export const say = defineAction({
  type: 'say',
  summary: 'Speaks a text to the caller and completes when the playback ends.',
  notes: ['Voices and languages: [voices.md](voices.md). SSML is not supported.'],
  example: { text: 'Thank you for calling. Please hold the line.' },
  schema: z
    .strictObject({
      text: spoken(4000).min(1).describe('The text, 1 to 4,000 characters of plain text.'),
      voice: voice.optional().describe('The name of the voice. Default: the voice of the application.'),
      language: language
        .optional()
        .describe('The language of the text as a BCP 47 tag. Default: the language of the application.'),
      loop: z.int().min(1).max(10).default(1).describe('How many times to speak the text.'),
    })
    .transform(camelCased),
});

export const play = defineAction({
  type: 'play',
  summary: 'Plays an audio file to the caller and completes when the playback ends.',
  notes: [
    'Supported are WAV (PCM, µ-law, A-law) and MP3 with any sample rate and number of channels, up to 25 MB and 30 minutes.',
    'Up to five HTTP redirects are followed. Files are cached as their HTTP headers allow, and revalidated by `ETag` or `Last-Modified`.',
    'If the file cannot be decoded, the action fails with `unsupported_sound`; if it cannot be fetched, with `play_failed`.',
  ],
  example: { url: 'https://example.com/sounds/welcome.wav', loop: 1 },
  schema: z
    .strictObject({
      url: documentUrl('https', 'http').describe(
        'The URL of the file: https (http only with `MINIVOICE_ALLOW_PRIVATE_URLS`), absolute or relative to the URL of the document.',
      ),
      loop: z.int().min(1).max(10).default(1).describe('How many times to play the file.'),
    })
    .transform(camelCased),
});

export const pause = defineAction({
  type: 'pause',
  summary: 'Waits in silence.',
  example: { seconds: 1.5 },
  schema: z
    .strictObject({ seconds: z.number().min(0.1).max(60).describe('The length of the pause in seconds.') })
    .transform(camelCased),
});
