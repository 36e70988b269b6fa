/** Schemas that several resources share. */
import { z } from 'zod';

/** A time on the wire: RFC 3339, UTC, whole seconds. */
export const time = z.string().meta({ format: 'date-time', examples: ['2026-05-29T12:02:12Z'] });

export const createdAt = time.describe('The time of the creation.');
export const updatedAt = time.describe('The time of the last change.');

/** The prefixes of ids, and the resources that they stand for. */
const RESOURCES = {
  adj: 'balance adjustment',
  app: 'application',
  call: 'call',
  cust: 'customer',
  did: 'number',
  dlv: 'delivery attempt',
  evt: 'event',
  phone: 'phone',
  rate: 'rate',
  str: 'stream',
  trunk: 'trunk',
  vnum: 'verified number',
};

/** The id of a resource. Clients must not interpret it. */
export const id = (prefix: keyof typeof RESOURCES) =>
  z
    .string()
    .meta({ examples: [`${prefix}_20260529T120212.123456000`] })
    .describe(`The id of the ${RESOURCES[prefix]}.`);

/** The id of a recording. */
export const recordingId = z.string().describe('The id of the recording.');

export const callStatus = z
  .enum(['dialing', 'ringing', 'in_progress', 'completed', 'failed', 'canceled'])
  .describe('The state of the call. `completed`, `failed` and `canceled` are final.');

export const direction = z
  .enum(['inbound', 'outbound'])
  .describe('`inbound`: a call to MiniVoice. `outbound`: a call that MiniVoice places.');

export const routeMode = z
  .enum(['webhook', 'reject', 'sip'])
  .describe(
    '`webhook`: the application answers with actions. `reject`: the call is rejected. `sip`: the call is forwarded to a SIP URI.',
  );

/** The variables of a call. */
export const variables = z
  .record(z.string(), z.string())
  .describe('The variables of the call, from `set_variable` and from the request that created the call.');

/** One error in a document or a body. */
export const errorDetail = z.object({
  pointer: z
    .string()
    .describe('The JSON pointer (RFC 6901) to the invalid value; empty for the whole document.'),
  code: z.string().describe('One of the detail codes in the error reference.'),
  message: z.string().describe('What is wrong, in one sentence.'),
  expected: z.string().optional().describe('What a valid value is.'),
  found: z.string().optional().describe('The invalid value, shortened.'),
});

/** An error in a response, a call, a recording or an event. */
export const errorInfo = z.object({
  code: z.string().describe('One of the codes in the error reference.'),
  message: z.string().describe('What went wrong, in one sentence.'),
  details: z.array(errorDetail).optional().describe('All errors in a document or a body.'),
});

/** The body of every error response. */
export const errorBody = z.object({ error: errorInfo });

/** One page of a list. */
export const listOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    count: z
      .int()
      .describe(
        'The number of rows on this page. It can be smaller than `limit`, even 0, before the last page: a page has at most about 1 MiB, and a limited number of rows is examined for it.',
      ),
    data: z.array(item),
    next_cursor: z
      .string()
      .nullable()
      .describe('The `cursor` for the next page; null only on the last page.'),
  });

/** The query of every list. Numbers in a query are text. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('The page size, 1 to 200.'),
  cursor: z
    .string()
    .max(500)
    .optional()
    .describe('The `next_cursor` of the previous page. Default: the first page.'),
});

/** A time in a query, converted to milliseconds since 1970. */
export const timeQuery = z.iso
  .datetime({ offset: true, error: 'a time such as 2026-05-29T12:02:12Z' })
  .transform((text) => Date.parse(text));
