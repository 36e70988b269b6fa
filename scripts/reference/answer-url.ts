import { ACTION_TYPES, ACTIONS, type ActionType, MAX_DOCUMENT_BYTES } from '../../contract/actions/index.ts';
import { ANSWER_TIMEOUT_MS, answerQuery, answerRequest } from '../../contract/answer-request.ts';
import { type JsonSchema, wireSchema } from '../../contract/json-schema.ts';
import { cell, fieldTable, GENERATED, json, typeOf } from './markdown.ts';

const call = {
  id: 'call_20260529T120212.123456000',
  customer_id: 'cust_20260501T080000.000000000',
  application_id: 'app_20260501T080100.000000000',
  provider_call_id: '0b2a7c0e-9f6f-4a4e-8f0e-1f1d2c3b4a5d',
  status: 'in_progress',
  direction: 'inbound',
  from: '+15550100001',
  to: '+15550100000',
  route_mode: 'webhook',
  routing_target: 'app_20260501T080100.000000000',
  sip_headers: {},
  answer_url: 'https://app.example.com/answer',
  metadata: {},
  created_at: '2026-05-29T12:02:12Z',
  dialing_at: null,
  ringing_at: '2026-05-29T12:02:12Z',
  answered_at: '2026-05-29T12:02:13Z',
  ended_at: null,
  duration_seconds: null,
  billsec_seconds: null,
  reason: null,
  ended_by: null,
  error: null,
  cost_amount: null,
  cost_currency: null,
};

/** An example of the body of a request with POST, after a `gather` and a `redirect`. */
export const requestExample = {
  reason: 'redirect',
  call,
  variables: { customer_tier: 'gold' },
  data: { digits: '4217', status: 'completed', timed_out: false },
};

/** An example of the query of the same request with GET. */
export const queryExample = {
  reason: 'redirect',
  call_id: call.id,
  direction: call.direction,
  from: call.from,
  to: call.to,
  digits: '4217',
  gather_status: 'completed',
};

const seconds = ANSWER_TIMEOUT_MS / 1000;
const mebibytes = MAX_DOCUMENT_BYTES / 1024 / 1024;

const INTRODUCTION = `# The request to your answer_url

${GENERATED}
MiniVoice requests a document of [actions](actions.md) from your web server:

| when | URL | method | \`reason\` |
|---|---|---|---|
| an inbound call arrives | \`answer_url\` of the application | \`answer_method\` of the application, POST by default | \`answer\` |
| an outbound call is answered | \`answer_url\` of the call or of the application | \`answer_method\` | \`answer\` |
| a [\`redirect\`](actions.md#redirect) runs | \`url\` of the action | \`method\` of the action, GET by default | \`redirect\` |
| one of these requests fails, once per call | \`fallback_answer_url\` of the application | \`answer_method\` | that of the failed request |

There is no request for an outbound call that was created with \`actions\`, for actions that are sent to
[\`POST /v1/calls/:id/actions\`](rest.md#post-v1callsidactions), and for a call to a number whose \`route_mode\` is \`reject\` or \`sip\`.

The smallest application responds to every request with:

${json({ actions: [{ say: { text: 'Hello.' } }] })}
## POST

The body is JSON (\`Content-Type: application/json\`):

${json(requestExample)}
${fieldTable(wireSchema(answerRequest), 'response')}
\`call\` has all fields of [\`GET /v1/calls/:id\`](rest.md#get-v1callsid). Its \`status\` is \`ringing\` in the first request of an inbound call,
and \`in_progress\` after the call was answered.

## GET

There is no body. MiniVoice appends these parameters to the query of the URL:

\`\`\`
GET /answer?${new URLSearchParams(queryExample)}
\`\`\`

${fieldTable(wireSchema(answerQuery), 'response')}`;

const DATA = `## data

Of all actions, only those in this table have a result. A request has the result of the last one that ran; the first request
of a call (\`reason\`: \`answer\`) has none.
`;

const AFTER_DATA = `
To get the result, let a \`redirect\` follow:

${json({
  actions: [
    { gather: { prompt: 'Please enter your PIN.', num_digits: 4, sensitive: true } },
    { redirect: { url: '/pin', method: 'POST' } },
  ],
})}
The digits of a \`gather\` with \`sensitive\` are in the body of one request, the first with POST that your server accepts with a
2xx. Later requests, and all requests with GET, have one \`*\` for each digit.

A \`transfer\` or a \`bridge\` has no result in \`data\`. The action after it runs only if it failed (or, with \`continue_after\`, when the
destination hung up), so your server learns of the failure from a \`redirect\` after it. The cause is on the
[timeline](rest.md#get-v1callsidtimeline) of the call:

${json({
  actions: [
    { bridge: { destination: 'sip:desk@example.com', timeout_seconds: 20 } },
    { redirect: { url: '/nobody-answered', method: 'POST' } },
  ],
})}
## Headers

| header | value |
|---|---|
| \`Accept\` | \`application/json\` |
| \`Content-Type\` | \`application/json\`, with POST only |
| \`User-Agent\` | \`MiniVoice\` |
| \`X-MiniVoice-Timestamp\` | Unix time in seconds, if the application has a \`webhook_secret\` |
| \`X-MiniVoice-Signature\` | \`v1=\` and the HMAC-SHA256 of \`<timestamp>.<body>\` in hex; two values separated by a comma while the secret is rotated |
| \`X-MiniVoice-Signature-URL\` | with GET only: \`v1=\` and the HMAC-SHA256 of \`<timestamp>.GET.<URL>\` in hex |

How to verify them, with code: [Receiving webhooks](../guides/receiving-webhooks.md#check-the-signature).

## Response

Respond with a 2xx and a document in JSON (UTF-8, at most ${mebibytes} MiB) within ${seconds} seconds. MiniVoice ignores the
\`Content-Type\`. Relative URLs in the document are resolved against the URL of the request. To check documents without a call, use
[\`POST /v1/actions/validate\`](rest.md#post-v1actionsvalidate).

| response | what happens |
|---|---|
| 2xx with a valid document | The actions run. |
| 2xx with an invalid document | The request has failed. |
| 3xx or 4xx | The request has failed. HTTP redirects are not followed. |
| 5xx, connection error, TLS error, or connection closed early | MiniVoice repeats the request once, at once. If that fails too, the request has failed. |
| no complete response within ${seconds} seconds | The request has failed. It is not repeated. |

After a failed request, MiniVoice requests \`fallback_answer_url\`, if it is set and was not requested before in this call. If that
fails too, the caller hears the error prompt (\`fault_message\` of the application), and the call ends as failed with the reason
\`answer_url_error\`. The \`error\` of [\`call.failed\`](events.md#callfailed) has all errors of an invalid document, each with a JSON
pointer. The [timeline](rest.md#get-v1callsidtimeline) of the call has each request with its response.
`;

/** The page about the request for a document, in Markdown. */
export function answerUrlReference(): string {
  const rows = ACTION_TYPES.flatMap((type) => dataRows(type));
  const others = ACTION_TYPES.filter((type) => !ACTIONS[type].result).map((type) => `\`${type}\``);
  return [
    INTRODUCTION,
    DATA,
    '| after | field | type | description |',
    '|---|---|---|---|',
    ...rows,
    `| ${others.join(', ')} | | | \`data\` does not change. |`,
    AFTER_DATA,
  ].join('\n');
}

/** The rows of the table of results for one action: its fields with their types. */
function dataRows(type: ActionType): string[] {
  const { result } = ACTIONS[type];
  if (!result) return [];
  const fields = Object.entries(wireSchema(result).properties ?? {}) as [string, JsonSchema][];
  return fields.map(
    ([name, field]) =>
      `| [\`${type}\`](actions.md#${type}) | \`${name}\` | ${cell(typeOf(field))} | ${cell(field.description ?? '')} |`,
  );
}
