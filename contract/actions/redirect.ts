import { z } from 'zod';
import { documentUrl } from '../fields.ts';
import { camelCased } from './camel-case.ts';
import { defineAction } from './define.ts';

export const redirect = defineAction({
  type: 'redirect',
  summary: 'Fetches a new document and goes on with it in place of the rest of this one.',
  notes: [
    'A failed redirect ends the flow as a failed `answer_url` does: the fallback URL once, then the apology.',
  ],
  terminal: true,
  example: { url: 'https://example.com/voice/menu', method: 'POST' },
  schema: z
    .strictObject({
      url: documentUrl('http', 'https').describe(
        'Where the document is, http or https; absolute, or relative to the URL of this one.',
      ),
      method: z.enum(['GET', 'POST']).default('GET').describe('How it is asked for.'),
      max_redirects: z
        .int()
        .min(0)
        .max(20)
        .default(10)
        .describe('How many redirects the call may have made so far, this one not counted.'),
    })
    .transform(camelCased),
});
