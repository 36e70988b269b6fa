import { EVENT_NAMES, EVENTS, type EventName, envelope } from '../../contract/events.ts';
import { wireSchema } from '../../contract/json-schema.ts';
import { fieldTable, GENERATED, json } from './fields.ts';

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

/** The status of the call in each event. */
const STATUS: Partial<Record<EventName, string>> = {
  'call.created': 'ringing',
  'call.completed': 'completed',
  'call.failed': 'failed',
  'call.canceled': 'canceled',
  'ai.completed': 'completed',
  'ai.failed': 'completed',
};

/** An example of a webhook's body. */
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
Each event is a \`POST\` of JSON to the application's \`webhook_url\`. Any 2xx accepts it; anything else, or no answer within
10 seconds, is tried again after 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 3 h, 6 h and 12 h. The events of one call come in order.
\`data.event_key\` names an event for good: a receiver that has seen one may pass over the next of that key.

With a \`webhook_secret\`, \`X-MiniVoice-Timestamp\` (Unix seconds) and \`X-MiniVoice-Signature: v1=<hex>\` come with it: the
HMAC-SHA256, under the secret, of the timestamp, a dot, and the raw body. \`X-MiniVoice-Event\`, \`X-MiniVoice-Delivery\` and
\`X-MiniVoice-Attempt\` come always. The bodies as a JSON Schema: [events.schema.json](events.schema.json).

${json(eventExample('call.answered'))}
`;

/** The reference of all events, in Markdown. */
export function eventsReference(): string {
  const { properties } = wireSchema(envelope('call.created'));
  const callTable = fieldTable(properties?.['call'] as ReturnType<typeof wireSchema>, 'answered');
  return [
    INTRODUCTION,
    '## call\n',
    'What every event tells of its call.\n',
    callTable,
    ...EVENT_NAMES.map(section),
  ].join('\n');
}

function section(name: EventName): string {
  const { summary, data } = EVENTS[name];
  return [
    `## ${name}`,
    '',
    `${summary} Its \`data\`:`,
    '',
    fieldTable(wireSchema(data), 'answered'),
    json(eventExample(name)['data']),
  ].join('\n');
}
