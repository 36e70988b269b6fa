import { z } from 'zod';
import { expecting, oneLine } from './fields.ts';

const MAX_HEADERS = 20;
const MAX_BYTES = 4096;

/** Applications may set `X-` header fields. All other names belong to SIP, and `X-MiniVoice-` is reserved. */
const NAME = /^x-(?!minivoice-)[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?$/i;

const name = z.string().regex(NAME, {
  error:
    'a name of letters, digits and "-" that begins with X-, such as X-Order-Id; other names are reserved',
});

const size = (headers: Record<string, string>): number =>
  Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + Buffer.byteLength(value), 0);

const areDistinct = (headers: Record<string, string>): boolean =>
  new Set(Object.keys(headers).map((each) => each.toLowerCase())).size === Object.keys(headers).length;

/** Header fields that an application adds to an INVITE. */
export const sipHeaders = z
  .record(name, oneLine(1024))
  .refine(
    (all) => Object.keys(all).length <= MAX_HEADERS,
    expecting(`at most ${MAX_HEADERS} header fields`, 'too_long'),
  )
  .refine(
    (all) => size(all) <= MAX_BYTES,
    expecting(`at most ${MAX_BYTES} bytes of names and values together`, 'too_long'),
  )
  .refine(areDistinct, {
    params: { code: 'conflict', expected: 'each name once' },
    error: 'each name once: names are case-insensitive',
  })
  .describe('Header fields to add to the INVITE. Names begin with `X-`, such as `{"X-Order-Id":"A-17"}`.');

/** Header fields of the INVITE of a call. */
export const callHeaders = z
  .record(z.string(), z.string())
  .describe(
    'SIP header fields. For an inbound call: `Diversion`, `History-Info`, `User-to-User` and `X-` fields, and `P-Asserted-Identity` if a trunk sent it. For an outbound call: those that the application set. At most 32 fields and 8 KiB.',
  );
