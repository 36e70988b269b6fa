import { z } from 'zod';
import { expecting, oneLine } from './fields.ts';

const MOST = 20;
const LONGEST = 4096;

/** Applications may set `X-` fields. All other names are SIP's, and `X-MiniVoice-` is reserved. */
const NAME = /^x-(?!minivoice-)[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?$/i;

const name = z.string().regex(NAME, {
  error: 'a name of letters, digits and "-" that begins with X-, such as X-Order-Id; all others are reserved',
});

const size = (headers: Record<string, string>): number =>
  Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + Buffer.byteLength(value), 0);

const areDistinct = (headers: Record<string, string>): boolean =>
  new Set(Object.keys(headers).map((each) => each.toLowerCase())).size === Object.keys(headers).length;

/** Header fields that an application sets on an INVITE. */
export const sipHeaders = z
  .record(name, oneLine(1024))
  .refine((all) => Object.keys(all).length <= MOST, expecting(`at most ${MOST} header fields`, 'too_long'))
  .refine(
    (all) => size(all) <= LONGEST,
    expecting(`at most ${LONGEST} bytes of names and values together`, 'too_long'),
  )
  .refine(areDistinct, {
    params: { code: 'conflict', expected: 'each name once' },
    error: 'each name once: upper and lower case count alike',
  })
  .describe('Header fields of the INVITE whose names begin with `X-`, such as `{"X-Order-Id":"A-17"}`.');

/** Header fields of a call's INVITE. */
export const callHeaders = z
  .record(z.string(), z.string())
  .describe(
    'SIP header fields: of an inbound call its `Diversion`, `History-Info`, `User-to-User` and `X-` fields, and `P-Asserted-Identity` when a trunk sent it; of an outbound call those that were set. At most 32, with 8 KiB.',
  );
