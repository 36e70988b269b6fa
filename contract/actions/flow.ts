import { z } from 'zod';
import { documentUrl } from '../fields.ts';
import { camelCased, defineAction } from './define.ts';

export const redirect = defineAction({
  type: 'redirect',
  summary: 'Requests a new document; its actions replace the rest of this document.',
  notes: [
    'If the redirect fails, the flow ends as for a failed `answer_url`: the fallback URL is requested once, then the caller hears the error prompt and the call ends.',
    'The request: [answer-url.md](answer-url.md).',
  ],
  terminal: true,
  example: { url: 'https://example.com/voice/menu', method: 'POST' },
  schema: z
    .strictObject({
      url: documentUrl('http', 'https').describe(
        'The URL of the document: http or https, absolute or relative to the URL of this document.',
      ),
      method: z.enum(['GET', 'POST']).default('GET').describe('The HTTP method of the request.'),
      max_redirects: z
        .int()
        .min(0)
        .max(20)
        .default(10)
        .describe('Fails if the call has already made this many redirects.'),
    })
    .transform(camelCased),
});

export const hangup = defineAction({
  type: 'hangup',
  summary: 'Ends the call.',
  notes: ['As the first action and with a `reason`, it rejects an inbound call instead of answering it.'],
  terminal: true,
  example: {},
  schema: z
    .strictObject({
      reason: z
        .enum(['busy', 'rejected'])
        .optional()
        .describe('The reason that the caller gets, if the call has not been answered.'),
    })
    .transform(camelCased),
});

/** The name of a call variable. */
export const variableName = z.string().min(1).max(128);
/** The value of a call variable. */
export const variableValue = z.string().max(4096);

export const setVariable = defineAction({
  type: 'set_variable',
  summary: 'Sets a variable of the call. Every later event and request includes the variables.',
  notes: ['A call has up to 100 variables. They remain set after a redirect.'],
  example: { name: 'customer_tier', value: 'gold' },
  schema: z
    .strictObject({
      name: variableName.describe('1 to 128 characters.'),
      value: variableValue.describe('Up to 4,096 characters.'),
    })
    .transform(camelCased),
});

export const unsetVariable = defineAction({
  type: 'unset_variable',
  summary: 'Removes a variable of the call. It is not an error if the variable is not set.',
  example: { name: 'customer_tier' },
  schema: z.strictObject({ name: variableName.describe('1 to 128 characters.') }).transform(camelCased),
});
