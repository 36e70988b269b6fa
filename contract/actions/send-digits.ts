import { z } from 'zod';
import { formatted } from '../fields.ts';
import { camelCased } from './camel-case.ts';
import { defineAction } from './define.ts';

export const sendDigits = defineAction({
  type: 'send_digits',
  summary: 'Sends DTMF digits to the far end.',
  notes: [
    'Each tone lasts 100 ms, with 100 ms between two. `w` waits half a second, `W` and `,` a whole one.',
    'Sent as RFC 4733 events, or in-band where these were not negotiated.',
  ],
  example: { digits: 'W1234#', pause_before_ms: 500 },
  schema: z
    .strictObject({
      digits: formatted(/^[0-9*#A-DwW,]+$/, 'made of 0-9, *, #, A-D, w, W and the comma')
        .max(256)
        .describe('What is sent: `0-9 * # A-D`, and `w W ,` to wait. 1 to 256 characters.'),
      pause_before_ms: z
        .int()
        .min(0)
        .max(60_000)
        .default(0)
        .describe('How long to wait before the first digit, in milliseconds.'),
    })
    .transform(camelCased),
});
