import { z } from 'zod';
import { variableName, variableValue } from '../actions/set-variable.ts';
import { address, caller, expecting, jsonBytes, url } from '../fields.ts';
import { callHeaders, sipHeaders } from '../sip-headers.ts';
import { callStatus, direction, fault, id, pageQuery, routeMode, time, timeQuery } from './values.ts';

/** The part of a call that every event carries. */
export const eventCall = z.object({
  id: id('call'),
  customer_id: id('cust'),
  application_id: id('app'),
  provider_call_id: z.string().describe("The SIP leg's own id, a UUID."),
  status: callStatus,
  direction,
  from: z.string().describe('Who calls: E.164, or a SIP user.'),
  to: z.string().describe('Who is called: E.164, or a SIP URI.'),
  route_mode: routeMode,
  routing_target: z.string().describe("The application's id, or what the number is routed to."),
  sip_headers: callHeaders,
});

export const call = eventCall.extend({
  answer_url: z.string().describe('Where the actions are asked for.'),
  metadata: z.record(z.string(), z.unknown()).describe('What the creation of the call gave with it.'),
  created_at: time,
  dialing_at: time.nullable().describe('When an outbound call was sent out.'),
  ringing_at: time.nullable(),
  answered_at: time.nullable(),
  ended_at: time.nullable(),
  duration_seconds: z.int().nullable().describe('From creation to end, rounded down; null until then.'),
  billsec_seconds: z.int().nullable().describe('From answer to end, rounded down; null until the end.'),
  reason: z.string().nullable().describe('Why it ended: `normal`, `busy`, `answer_url_error`, …'),
  ended_by: z.string().nullable().describe('`caller`, `callee`, `application` or `system`.'),
  error: fault.nullable().describe('What failed, if something did.'),
  cost_amount: z
    .string()
    .nullable()
    .describe(
      'What its outbound legs have cost, such as `0.0125`; null until the end, and where nothing is charged.',
    ),
  cost_currency: z.string().nullable().describe('ISO 4217, such as `EUR`.'),
});

export const callQuery = pageQuery.extend({
  status: callStatus.optional(),
  direction: direction.optional(),
  from: z.string().max(512).optional().describe('Exactly this caller.'),
  to: z.string().max(512).optional().describe('Exactly this called number.'),
  created_after: timeQuery.optional().describe('Created then or later, RFC 3339.'),
  created_before: timeQuery.optional().describe('Created before then, RFC 3339.'),
});

/** The same bounds as those of `set_variable`: they are in every event and request of the call. */
const given = z
  .record(variableName, variableValue)
  .refine((all) => Object.keys(all).length <= 100, expecting('at most 100 variables', 'too_long'))
  .describe('What requests and events tell of the call, as `set_variable` would keep it.');

const MOST_METADATA = 'at most 64 fields, nested at most 8 deep, and 16 KiB as JSON';
const METADATA_BYTES = 16 * 1024;

/** Events, requests and lists of calls carry it: without a bound one key could fill memory and hold the main thread. */
const metadata = z.record(z.string(), z.unknown()).refine(isSmall, expecting(MOST_METADATA, 'too_long'));

function isSmall(given: Record<string, unknown>): boolean {
  const isFew = Object.keys(given).length <= 64 && depthOf(given, 8) <= 8;
  return isFew && jsonBytes(given) <= METADATA_BYTES;
}

/** How deep a value is nested; what is deeper than `most` is not looked into. */
function depthOf(value: unknown, most: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (most === 0) return 1;
  return (
    1 + Object.values(value).reduce<number>((deepest, each) => Math.max(deepest, depthOf(each, most - 1)), 0)
  );
}

export const newCall = z.strictObject({
  from: caller.describe(
    "The caller ID: one of the customer's numbers or verified numbers, unless the trunk allows more; `anonymous` shows none.",
  ),
  to: address.describe('Whom to call.'),
  metadata: metadata.optional().describe(`Kept with the call as it is: ${MOST_METADATA}.`),
  record: z.boolean().optional().describe('Starts recording at the answer.'),
  application_id: z.unknown().optional().describe('Ignored: the call belongs to the application of the key.'),
  answer_url: url('http', 'https').optional().describe('Asked in place of the application’s.'),
  actions: z
    .array(z.unknown())
    .max(100)
    .optional()
    .describe('What to do at the answer, in place of asking a URL: checked like any document.'),
  timeout_seconds: z.int().min(5).max(300).default(60).describe('How long it may ring.'),
  variables: given.optional(),
  sip_headers: sipHeaders.optional(),
});

/** Most timelines are one page. */
export const timelineQuery = pageQuery.extend({
  limit: z.coerce.number().int().min(1).max(1000).default(1000).describe('Rows on a page, 1 to 1,000.'),
});

/** One entry of a call's timeline. */
export const timelineEntry = z.object({
  at: time.meta({ examples: ['2026-05-29T12:02:12.345Z'] }).describe('With milliseconds.'),
  kind: z
    .string()
    .describe(
      '`request` to the application, `action`, result of a `gather`, `actions` and `hangup` over REST, other `leg` (ringing, early_media, answered, failed, canceled, ended), `recording`, …',
    ),
  data: z.record(z.string(), z.unknown()),
});
