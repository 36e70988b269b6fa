import { z } from 'zod';
import { formatted, spoken } from '../fields.ts';
import { camelCased, defineAction, whenFields } from './define.ts';

/** The result of a `gather`: in the next request to the application, and in `call.gathered`. */
export const gatherResult = z.object({
  digits: z
    .string()
    .describe('The digits, without `finish_on_key`. They are also present if the timeout ended the gather.'),
  status: z
    .enum(['completed', 'timed_out', 'canceled'])
    .describe(
      '`completed`: there are enough digits. `timed_out`: the timeout came before `min_digits` digits. `canceled`: the call ended, or other actions replaced the flow.',
    ),
  timed_out: z.boolean().describe('Whether the timeout ended the gather, with enough digits or too few.'),
});

const digitCount = () => z.int().min(1).max(32).optional();

const fields = z
  .strictObject({
    prompt: spoken(4000).optional().describe('A text to speak first, up to 4,000 characters of plain text.'),
    num_digits: digitCount().describe(
      'The exact number of digits to collect. Default: 1, if `min_digits` and `max_digits` are absent too.',
    ),
    max_digits: digitCount().describe(
      'The maximum number of digits. Cannot be combined with `num_digits`. Default: 32.',
    ),
    min_digits: digitCount().describe(
      'The minimum number of digits. Cannot be combined with `num_digits`. Default: 1.',
    ),
    timeout_seconds: z
      .int()
      .min(1)
      .max(30)
      .default(5)
      .describe('How long to wait for a digit in seconds, from the end of the prompt and from each digit.'),
    finish_on_key: formatted(/^[0-9*#A-D]$/, 'one DTMF key: 0-9, *, #, A-D')
      .optional()
      .describe('The DTMF key that ends the gather. It is never part of `digits`.'),
    flush: z
      .boolean()
      .default(false)
      .describe('Discards the keys that were pressed before the gather starts.'),
    sensitive: z
      .boolean()
      .default(false)
      .describe(
        'Keeps the digits out of the log, the timeline and the recordings. They are only in the event and in the next request with POST; everywhere else they are masked.',
      ),
  })
  .refine(
    (given) =>
      given.num_digits === undefined || (given.max_digits === undefined && given.min_digits === undefined),
    {
      when: whenFields,
      path: ['num_digits'],
      error: 'num_digits cannot be combined with max_digits or min_digits',
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

/** The number of digits to collect: exactly one by default. */
function digitRange(given: z.output<typeof fields>): { minDigits: number; maxDigits: number } {
  if (given.max_digits === undefined && given.min_digits === undefined) {
    return { minDigits: given.num_digits ?? 1, maxDigits: given.num_digits ?? 1 };
  }
  return { minDigits: given.min_digits ?? 1, maxDigits: given.max_digits ?? 32 };
}

export const gather = defineAction({
  type: 'gather',
  summary:
    'Speaks a prompt and collects digits until there are enough, the finish key is pressed, the timeout expires, or the call ends.',
  notes: [
    'A digit pressed during the prompt stops the prompt and counts. Before `min_digits` digits, the finish key is ignored.',
    'Keys pressed while no gather runs are kept for the next gather: the first 32 of the last 10 seconds. `flush` discards them.',
    'A key counts when it is released. While a key is held, the timeout does not run, for at most 30 seconds.',
    'The result is in the event, and in `data` of the request of the next `redirect`: see [answer-url.md](answer-url.md#data).',
  ],
  events: ['call.gathered'],
  result: gatherResult,
  example: { prompt: 'Please enter your five digit code.', num_digits: 5, timeout_seconds: 10 },
  schema: fields.transform((given) => ({
    ...(given.prompt ? { prompt: given.prompt } : {}),
    ...digitRange(given),
    timeoutSeconds: given.timeout_seconds,
    ...(given.finish_on_key === undefined ? {} : { finishOnKey: given.finish_on_key }),
    flush: given.flush,
    sensitive: given.sensitive,
  })),
});

export const sendDigits = defineAction({
  type: 'send_digits',
  summary: 'Sends DTMF digits to the far end.',
  notes: [
    'Each tone lasts 100 ms, followed by a gap of 100 ms. `w` waits half a second, `W` and `,` wait one second.',
    'Digits are sent as RFC 4733 events, or in-band if RFC 4733 was not negotiated.',
  ],
  example: { digits: 'W1234#', pause_before_ms: 500 },
  schema: z
    .strictObject({
      digits: formatted(/^[0-9*#A-DwW,]+$/, 'made of 0-9, *, #, A-D, w, W and the comma')
        .max(256)
        .describe('The digits `0-9 * # A-D`, and `w W ,` for waits. 1 to 256 characters.'),
      pause_before_ms: z
        .int()
        .min(0)
        .max(60_000)
        .default(0)
        .describe('How long to wait before the first digit, in milliseconds.'),
    })
    .transform(camelCased),
});
