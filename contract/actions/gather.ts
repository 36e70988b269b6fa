import { z } from 'zod';
import { formatted, spoken } from '../fields.ts';
import { defineAction, whenFields } from './define.ts';

const fields = z
  .strictObject({
    prompt: spoken(4000).optional().describe('Spoken first, up to 4,000 characters.'),
    num_digits: z
      .int()
      .min(1)
      .max(32)
      .optional()
      .describe('Exactly how many digits to collect. Default: 1, where none of the three counts is given.'),
    max_digits: z
      .int()
      .min(1)
      .max(32)
      .optional()
      .describe('At most how many digits to collect; not with `num_digits`. Default: 32.'),
    min_digits: z
      .int()
      .min(1)
      .max(32)
      .optional()
      .describe('How many digits there must be at least; not with `num_digits`. Default: 1.'),
    timeout_seconds: z
      .int()
      .min(1)
      .max(30)
      .default(5)
      .describe(
        'How long to wait for a digit, in seconds: from the end of the prompt, and again from each digit.',
      ),
    finish_on_key: formatted(/^[0-9*#A-D]$/, 'one DTMF key: 0-9, *, #, A-D')
      .optional()
      .describe('One DTMF key that ends the collecting; it is never part of the digits.'),
    flush: z.boolean().default(false).describe('Discards keys that were pressed before it begins.'),
    sensitive: z
      .boolean()
      .default(false)
      .describe(
        'Keeps the digits out of the log, the timeline and the recordings: they are in the event and in the next request with POST, and masked everywhere else.',
      ),
  })
  .refine(
    (given) =>
      given.num_digits === undefined || (given.max_digits === undefined && given.min_digits === undefined),
    {
      when: whenFields,
      path: ['num_digits'],
      error: 'num_digits cannot stand beside max_digits or min_digits',
      params: { code: 'conflict', expected: 'num_digits alone, or max_digits and min_digits' },
    },
  )
  .refine((given) => (given.min_digits ?? 1) <= (given.max_digits ?? 32), {
    when: whenFields,
    path: ['min_digits'],
    error: 'min_digits must not be greater than max_digits',
    params: { code: 'conflict', expected: 'at most max_digits' },
  })
  .meta({
    not: { required: ['num_digits'], anyOf: [{ required: ['max_digits'] }, { required: ['min_digits'] }] },
  });

/** How many digits: exactly one unless the document says otherwise. */
function counts(given: z.output<typeof fields>): { minDigits: number; maxDigits: number } {
  if (given.max_digits === undefined && given.min_digits === undefined) {
    return { minDigits: given.num_digits ?? 1, maxDigits: given.num_digits ?? 1 };
  }
  return { minDigits: given.min_digits ?? 1, maxDigits: given.max_digits ?? 32 };
}

export const gather = defineAction({
  type: 'gather',
  summary:
    'Speaks a prompt, then collects digits until there are enough, the finish key, the timeout or the hangup.',
  notes: [
    'A digit pressed during the prompt stops the prompt and counts. Before `min_digits` the finish key is ignored.',
    'Keys that are pressed while nothing gathers them, the first 32 of the last 10 s, count for the next gather. `flush` discards them.',
    'A key counts when it is released; while one is down the timeout does not run, for 30 s at most.',
    'The result is in the event, and in `data` of the request that a following `redirect` makes.',
  ],
  events: ['call.gathered'],
  example: { prompt: 'Please enter your five digit code.', num_digits: 5, timeout_seconds: 10 },
  schema: fields.transform((given) => ({
    ...(given.prompt ? { prompt: given.prompt } : {}),
    ...counts(given),
    timeoutSeconds: given.timeout_seconds,
    ...(given.finish_on_key === undefined ? {} : { finishOnKey: given.finish_on_key }),
    flush: given.flush,
    sensitive: given.sensitive,
  })),
});
