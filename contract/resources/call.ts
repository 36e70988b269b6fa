import { z } from 'zod';
import { variableName, variableValue } from '../actions/flow.ts';
import { address, caller, expecting, jsonBytes, url } from '../fields.ts';
import { callHeaders, sipHeaders } from '../sip-headers.ts';
import {
  callStatus,
  createdAt,
  direction,
  errorInfo,
  id,
  pageQuery,
  routeMode,
  time,
  timeQuery,
} from './values.ts';

/** The part of a call that every event has. */
export const eventCall = z.object({
  id: id('call'),
  customer_id: id('cust'),
  application_id: id('app'),
  provider_call_id: z.string().describe('The id of the SIP leg, a UUID.'),
  status: callStatus,
  direction,
  from: z.string().describe('The caller: a number in E.164, or a SIP user.'),
  to: z.string().describe('The called party: a number in E.164, or a SIP URI.'),
  route_mode: routeMode,
  routing_target: z
    .string()
    .describe('The id of the application, or the SIP URI that the number is routed to.'),
  sip_headers: callHeaders,
});

export const call = eventCall.extend({
  answer_url: z.string().describe('The URL that MiniVoice requests the actions from.'),
  metadata: z
    .record(z.string(), z.unknown())
    .describe('The metadata from the request that created the call.'),
  created_at: createdAt,
  dialing_at: time.nullable().describe('When the INVITE of an outbound call was sent.'),
  ringing_at: time.nullable().describe('When the call started to ring.'),
  answered_at: time.nullable().describe('When the call was answered.'),
  ended_at: time.nullable().describe('When the call ended.'),
  duration_seconds: z
    .int()
    .nullable()
    .describe('Seconds from the creation to the end, rounded down; null until the end.'),
  billsec_seconds: z
    .int()
    .nullable()
    .describe('Seconds from the answer to the end, rounded down; null until the end.'),
  reason: z.string().nullable().describe('The reason of the ending: `normal`, `busy`, `answer_url_error`, …'),
  ended_by: z
    .string()
    .nullable()
    .describe('The party that ended the call: `caller`, `callee`, `application` or `system`.'),
  error: errorInfo.nullable().describe('The error that ended the call, if any.'),
  cost_amount: z
    .string()
    .nullable()
    .describe(
      'The cost of the outbound legs, such as `0.0125`; null until the end, and if nothing is billed.',
    ),
  cost_currency: z.string().nullable().describe('An ISO 4217 code, such as `EUR`.'),
});

export const callQuery = pageQuery.extend({
  status: callStatus.optional(),
  direction: direction.optional(),
  from: z.string().max(512).optional().describe('Returns only calls from this caller (exact match).'),
  to: z.string().max(512).optional().describe('Returns only calls to this number or SIP URI (exact match).'),
  created_after: timeQuery
    .optional()
    .describe('Returns only calls created at this time or later (RFC 3339).'),
  created_before: timeQuery.optional().describe('Returns only calls created before this time (RFC 3339).'),
});

/** Variables with the limits of `set_variable`: every event and request of the call includes them. */
const initialVariables = z
  .record(variableName, variableValue)
  .refine((all) => Object.keys(all).length <= 100, expecting('at most 100 variables', 'too_long'))
  .describe('Variables of the call, as if set by `set_variable`.');

const METADATA_LIMIT = 'at most 64 fields, nested at most 8 deep, and 16 KiB as JSON';
const METADATA_BYTES = 16 * 1024;

/** Limited, because requests and lists of calls include it: large metadata would fill memory and block the main thread. */
const metadata = z.record(z.string(), z.unknown()).refine(isSmall, expecting(METADATA_LIMIT, 'too_long'));

function isSmall(given: Record<string, unknown>): boolean {
  const isFew = Object.keys(given).length <= 64 && depthOf(given, 8) <= 8;
  return isFew && jsonBytes(given) <= METADATA_BYTES;
}

/** The nesting depth of a value; stops at `max` + 1. */
function depthOf(value: unknown, max: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (max === 0) return 1;
  return (
    1 + Object.values(value).reduce<number>((deepest, each) => Math.max(deepest, depthOf(each, max - 1)), 0)
  );
}

export const newCall = z.strictObject({
  from: caller.describe(
    "The caller ID: one of the customer's numbers or verified numbers, unless the trunk allows other numbers. `anonymous` withholds it.",
  ),
  to: address.describe('The destination: a number in E.164 or a SIP URI.'),
  metadata: metadata.optional().describe(`Any JSON object; stored with the call: ${METADATA_LIMIT}.`),
  record: z.boolean().optional().describe('Records the call from its answer.'),
  application_id: z
    .unknown()
    .optional()
    .describe('Ignored. The call belongs to the application of the API key.'),
  answer_url: url('http', 'https')
    .optional()
    .describe('Used instead of the `answer_url` of the application.'),
  actions: z
    .array(z.unknown())
    .max(100)
    .optional()
    .describe('The actions to run when the call is answered, instead of a request to `answer_url`.'),
  timeout_seconds: z.int().min(5).max(300).default(60).describe('How long the call may ring, in seconds.'),
  variables: initialVariables.optional(),
  sip_headers: sipHeaders.optional(),
});

/** The query of a timeline. Most timelines fit on one page. */
export const timelineQuery = pageQuery.extend({
  limit: z.coerce.number().int().min(1).max(1000).default(1000).describe('The page size, 1 to 1,000.'),
});

/** One entry of a call's timeline. */
export const timelineEntry = z.object({
  at: time.meta({ examples: ['2026-05-29T12:02:12.345Z'] }).describe('The time with milliseconds.'),
  kind: z
    .string()
    .describe(
      'The kind of entry: `request` to the application, `action`, result of a `gather`, `actions` and `hangup` over REST, other `leg` (ringing, early_media, answered, failed, canceled, ended), `recording`, …',
    ),
  data: z.record(z.string(), z.unknown()).describe('The details, which depend on `kind`.'),
});
