import { z } from 'zod';
import { address, caller, formatted } from '../fields.ts';
import { sipHeaders } from '../sip-headers.ts';
import { camelCased, defineAction, whenFields } from './define.ts';

/** `to` is another name for `destination`; exactly one of them is required. */
const destinationFields = {
  destination: address
    .optional()
    .describe('Required. The destination: a phone number in E.164 or a SIP URI.'),
  to: address.optional().describe('Another name for `destination`. Use only one of the two.'),
  from: caller
    .optional()
    .describe(
      "The caller ID that the destination sees: one of the customer's numbers or verified numbers, unless the trunk allows other numbers. Default: the caller's own number if it may be shown, otherwise the called number.",
    ),
  sip_headers: sipHeaders.optional(),
};

interface Given {
  destination?: string | undefined;
  to?: string | undefined;
}

const expected = 'a phone number in E.164, such as +15550100000, or a SIP URI, such as sip:desk@example.com';

type Rule = [check: (given: Given) => boolean, params: z.core.$ZodCustomParams];

const hasDestination: Rule = [
  (given) => given.destination !== undefined || given.to !== undefined,
  { when: whenFields, path: ['destination'], params: { code: 'required', expected } },
];

const hasOneDestination: Rule = [
  (given) => given.destination === undefined || given.to === undefined,
  {
    when: whenFields,
    path: ['to'],
    error: 'to is another name for destination: use only one of the two',
    params: { code: 'conflict', expected: 'destination alone' },
  },
];

/** The two rules above as JSON Schema. */
const eitherDestination = { oneOf: [{ required: ['destination'] }, { required: ['to'] }] };

export const transfer = defineAction({
  type: 'transfer',
  summary: 'Calls a destination, connects the caller to it and ends the flow.',
  notes: [
    'If the transfer fails (busy, no answer, unreachable), the next action runs.',
    'With `relay`, a recording continues, with the destination on the right channel.',
  ],
  terminal: true,
  example: { destination: '+15550100001' },
  schema: z
    .strictObject({
      ...destinationFields,
      timeout_seconds: z
        .int()
        .min(5)
        .max(120)
        .default(30)
        .describe(
          'How long the destination may ring, in seconds. With `refer`: how long to wait for the report of the far end.',
        ),
      mode: z
        .enum(['relay', 'refer'])
        .default('relay')
        .describe(
          '`relay`: MiniVoice stays in the call. `refer`: the far end calls the destination itself (SIP REFER); not available if the customer is billed for calls.',
        ),
    })
    .refine(...hasDestination)
    .refine(...hasOneDestination)
    .refine(({ mode, sip_headers }) => mode === 'relay' || sip_headers === undefined, {
      path: ['sip_headers'],
      error: 'sip_headers needs mode relay: with refer, the far end sends the INVITE',
      params: { code: 'conflict', expected: 'mode relay' },
    })
    .meta(eitherDestination)
    .transform(({ destination, to, timeout_seconds, sip_headers, ...rest }) => ({
      ...rest,
      destination: (destination ?? to)!,
      timeoutSeconds: timeout_seconds,
      sipHeaders: sip_headers,
    })),
});

export const bridge = defineAction({
  type: 'bridge',
  summary:
    'Calls a destination and connects the caller to it when it answers. The caller hears ringing until then.',
  notes: [
    'After the connection, the call ends when either side hangs up, unless `continue_after` is set.',
    'If the bridge fails (busy, no answer, unreachable), the next action runs.',
  ],
  terminal: true,
  example: { destination: 'sip:desk@example.com', timeout_seconds: 20 },
  schema: z
    .strictObject({
      ...destinationFields,
      timeout_seconds: z
        .int()
        .min(5)
        .max(120)
        .default(20)
        .describe('How long the destination may ring, in seconds.'),
      continue_after: z
        .boolean()
        .default(false)
        .describe('Continues with the next action when the destination hangs up.'),
    })
    .refine(...hasDestination)
    .refine(...hasOneDestination)
    .meta(eitherDestination)
    .transform(({ destination, to, timeout_seconds, continue_after, sip_headers, ...rest }) => ({
      ...rest,
      destination: (destination ?? to)!,
      timeoutSeconds: timeout_seconds,
      sipHeaders: sip_headers,
      continueAfter: continue_after,
    })),
});

export const conference = defineAction({
  type: 'conference',
  summary: 'Joins a conference: all calls of the application that join the same `room` hear each other.',
  notes: ['A conference has up to 100 participants. A single participant hears silence.'],
  terminal: true,
  example: { room: 'support', end_on_exit: true },
  schema: z
    .strictObject({
      room: formatted(/^[A-Za-z0-9._-]+$/, 'made of letters, digits, ".", "-" and "_"')
        .max(64)
        .describe('The name of the conference: 1 to 64 letters, digits, `.`, `-`, `_`.'),
      mute: z.boolean().default(false).describe('The other participants do not hear this one.'),
      end_on_exit: z.boolean().default(false).describe('The conference ends when this participant leaves.'),
    })
    .transform(camelCased),
});
