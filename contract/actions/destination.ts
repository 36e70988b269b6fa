import type { z } from 'zod';
import { address, caller } from '../fields.ts';
import { sipHeaders } from '../sip-headers.ts';
import { whenFields } from './define.ts';

/** The two names of whom to call; exactly one is given. */
export const destinationFields = {
  destination: address.optional().describe('Whom to call, required: a number in E.164 or a SIP URI.'),
  to: address.optional().describe('Another name for `destination`; only one of the two is given.'),
  from: caller
    .optional()
    .describe(
      "The caller ID shown to the destination: one of the customer's numbers or verified numbers, unless the trunk allows more. Default: the caller's own where it may be shown, or the called number.",
    ),
  sip_headers: sipHeaders.optional(),
};

interface Given {
  destination?: string | undefined;
  to?: string | undefined;
}

const expected = 'a phone number in E.164, such as +15550100000, or a SIP URI, such as sip:desk@example.com';

type Rule = [check: (given: Given) => boolean, says: z.core.$ZodCustomParams];

/** Refuses an action that names nobody. */
export const someDestination: Rule = [
  (given) => given.destination !== undefined || given.to !== undefined,
  { when: whenFields, path: ['destination'], params: { code: 'required', expected } },
];

/** Refuses an action that names somebody twice. */
export const oneDestinationOnly: Rule = [
  (given) => given.destination === undefined || given.to === undefined,
  {
    when: whenFields,
    path: ['to'],
    error: 'to is another name for destination: give one of the two',
    params: { code: 'conflict', expected: 'destination alone' },
  },
];

/** The same rule in the words of JSON Schema. */
export const eitherDestination = { oneOf: [{ required: ['destination'] }, { required: ['to'] }] };
