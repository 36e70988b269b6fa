import { EVENT_NAMES, EVENTS, type EventName, envelope } from '../../contract/events.ts';
import { wireSchema } from '../../contract/json-schema.ts';
import { fieldTable, GENERATED, json } from './markdown.ts';

const call = {
  id: 'call_123',
  customer_id: 'cust_123',
  application_id: 'app_123',
  provider_call_id: '0b2a7c0e-9f6f-4a4e-8f0e-1f1d2c3b4a5d',
  status: 'in_progress',
  direction: 'inbound',
  from: '+15550100001',
  to: '+15550100000',
  route_mode: 'webhook',
  routing_target: 'app_123',
  sip_headers: {},
};

/** The status of the call in the examples. */
const STATUS: Partial<Record<EventName, string>> = {
  'call.created': 'ringing',
  'call.completed': 'completed',
  'call.failed': 'failed',
  'call.canceled': 'canceled',
  'ai.completed': 'completed',
  'ai.failed': 'completed',
};

/** An example of the body of a webhook. */
export function eventExample(name: EventName): Record<string, unknown> {
  return {
    event: name,
    created_at: '2026-05-29T12:02:12Z',
    call: { ...call, status: STATUS[name] ?? 'in_progress' },
    variables: {},
    data: { event_key: `call_123:${name}`, sequence: 1 + EVENT_NAMES.indexOf(name), ...EVENTS[name].example },
  };
}

const INTRODUCTION = `# Events

${GENERATED}
MiniVoice sends each event as a \`POST\` with a JSON body to the \`webhook_url\` of the application. A 2xx response accepts the
event. After any other response, or none within 10 seconds, MiniVoice sends the event again after 5 s, 30 s, 2 min, 10 min, 30 min,
1 h, 3 h, 6 h and 12 h. The events of one call arrive in order. An event can arrive more than once; \`data.event_key\` identifies it.

If the application has a \`webhook_secret\`, the request has the headers \`X-MiniVoice-Timestamp\` (Unix time in seconds) and
\`X-MiniVoice-Signature: v1=<hex>\`: the HMAC-SHA256 of the timestamp, a dot, and the raw body. Every request has
\`X-MiniVoice-Event\`, \`X-MiniVoice-Delivery\` and \`X-MiniVoice-Attempt\`. How to verify the signature:
[Receiving webhooks](../guides/receiving-webhooks.md#check-the-signature). The bodies as a JSON Schema:
[events.schema.json](events.schema.json).

${json(eventExample('call.answered'))}
`;

/** The reference of the events, in Markdown. */
export function eventsReference(): string {
  const { properties } = wireSchema(envelope('call.created'));
  const callTable = fieldTable(properties?.['call'] as ReturnType<typeof wireSchema>, 'response');
  return [
    INTRODUCTION,
    '## call\n',
    'The fields of the call in every event.\n',
    callTable,
    ...EVENT_NAMES.map(section),
  ].join('\n');
}

function section(name: EventName): string {
  const { summary, data } = EVENTS[name];
  return [
    `## ${name}`,
    '',
    `${summary} The fields of \`data\`:`,
    '',
    fieldTable(wireSchema(data), 'response'),
    json(eventExample(name)['data']),
  ].join('\n');
}
