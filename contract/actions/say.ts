import { z } from 'zod';
import { language, spoken, voice } from '../fields.ts';
import { camelCased } from './camel-case.ts';
import { defineAction } from './define.ts';

export const say = defineAction({
  type: 'say',
  summary: 'Speaks a text to the caller and ends when its playback ends.',
  example: { text: 'Thank you for calling. Please hold the line.' },
  schema: z
    .strictObject({
      text: spoken(4000).min(1).describe('What is spoken, 1 to 4,000 characters.'),
      voice: voice.optional().describe("Which voice speaks. Default: the application's."),
      language: language
        .optional()
        .describe("The language of the text, a BCP 47 tag. Default: the application's."),
      loop: z.int().min(1).max(10).default(1).describe('How many times the text is spoken.'),
    })
    .transform(camelCased),
});
