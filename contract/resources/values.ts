import { z } from 'zod';

/** A time as the wire has it, with an example: RFC 3339, UTC, whole seconds. */
export const time = z.string().meta({ format: 'date-time', examples: ['2026-05-29T12:02:12Z'] });

/** An id: never parse meaning out of one. */
export const id = (prefix: string) => z.string().meta({ examples: [`${prefix}_20260529T120212.123456000`] });

export const callStatus = z
  .enum(['dialing', 'ringing', 'in_progress', 'completed', 'failed', 'canceled'])
  .describe('Where the call stands. The last three are final.');

export const direction = z.enum(['inbound', 'outbound']).describe('Who called whom.');

export const routeMode = z
  .enum(['webhook', 'reject', 'sip'])
  .describe('`webhook` asks the application, `reject` refuses, `sip` passes the call on to a SIP URI.');

/** Variables of a call. */
export const variables = z
  .record(z.string(), z.string())
  .describe('What `set_variable` and the creation of the call have kept with it.');

/** Something that failed, as a call, a recording or an event tells of it. */
export const fault = z.object({
  code: z.string().describe('One of the codes in the reference of errors.'),
  message: z.string().describe('A sentence that a person can act on.'),
  details: z
    .array(
      z.object({
        pointer: z.string().describe('JSON pointer (RFC 6901) to the place.'),
        code: z.string(),
        message: z.string(),
        expected: z.string().optional(),
        found: z.string().optional(),
      }),
    )
    .optional()
    .describe('Everything that is wrong with a document or a body.'),
});

/** The body of every answer that is not a success. */
export const errorBody = z.object({ error: fault });

/** A list and the way to its next page. */
export const listOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    count: z
      .int()
      .describe(
        'How many rows there are on this page: fewer than `limit` where they hold more than 1 MiB, or are rare.',
      ),
    data: z.array(item),
    next_cursor: z
      .string()
      .nullable()
      .describe('Give it back as `cursor` for the rows that follow; null at the end.'),
  });

/** What every list takes. Numbers come as text in a query. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('Rows on a page, 1 to 200.'),
  cursor: z.string().max(500).optional().describe('Where to go on: `next_cursor` of the page before.'),
});

/** A time in a query, made milliseconds since 1970. */
export const timeQuery = z.iso
  .datetime({ offset: true, error: 'a time such as 2026-05-29T12:02:12Z' })
  .transform((text) => Date.parse(text));
