import { ACTION_TYPES, ACTIONS, type ActionType } from '../../contract/actions/index.ts';
import { answerQuery, answerRequest } from '../../contract/answer-request.ts';
import { actionFields, wireSchema } from '../../contract/json-schema.ts';
import { fieldTable, GENERATED, json } from './fields.ts';

const INTRODUCTION = `# Actions

${GENERATED}
An application answers with a document of actions, which are executed in order:

${json({ actions: [{ say: { text: 'Hi' } }, { type: 'hangup' }] })}
Each action is written in one of two shapes, which may be mixed: shorthand, \`{"say":{"text":"Hi"}}\`, or typed,
\`{"type":"say","text":"Hi"}\`. The whole document is checked before anything of it runs: unknown actions, unknown
fields, wrong types, more than 100 actions and more than 1 MiB are refused, all faults at once, each with a JSON
pointer. \`POST /v1/actions/validate\` gives the same verdict without a call. The same rules as a JSON Schema:
[actions.schema.json](actions.schema.json).

A **terminal** action is the last one to run once it has taken the call. An action that fails is noted on the call's
timeline, and the flow goes on with the next one. When the list ends, the call is hung up.
`;

const REQUEST = `## The request

MiniVoice asks the application for a document when a call comes in, when an outbound call without \`actions\` is answered, and for each
\`redirect\`: \`answer_url\` with POST, unless \`answer_method\` is GET; a \`redirect\` with its own \`method\`. The body of a POST:

${json({
  reason: 'redirect',
  call: {
    id: 'call_123',
    status: 'in_progress',
    direction: 'inbound',
    from: '+15550100001',
    to: '+15550100000',
  },
  variables: { customer_tier: 'gold' },
  data: { digits: '4217', status: 'completed', timed_out: false },
})}
${fieldTable(wireSchema(answerRequest), 'answered')}
\`call\` is shortened here: it has all fields of [\`GET /v1/calls/:id\`](rest.md#get-v1callsid). The parameters of a GET, behind
those that the URL has:

${fieldTable(wireSchema(answerQuery), 'answered')}
Requests are [signed](../guides/receiving-webhooks.md#check-the-signature) like events. The response is a 2xx with a document in JSON,
within 5 seconds. A network error or a 5xx is tried once more; HTTP redirects are not followed. When no valid document comes,
\`fallback_answer_url\` is asked once, if it is set; after that the caller hears the apology and the call ends with \`answer_url_error\`.
The timeline of the call has every request with its response.
`;

/** The reference of all actions, in Markdown. */
export function actionsReference(): string {
  const contents = ACTION_TYPES.map((type) => `- [\`${type}\`](#${type}): ${ACTIONS[type].summary}`);
  return [INTRODUCTION, ...contents, '', REQUEST, ...ACTION_TYPES.map(section)].join('\n');
}

function section(type: ActionType): string {
  const { summary, notes, events, terminal, example } = ACTIONS[type];
  const remarks = [
    ...(terminal ? ['Terminal.'] : []),
    ...(events.length > 0 ? [`Events: ${events.map((name) => `\`${name}\``).join(', ')}.`] : []),
  ];
  const paragraphs = [summary, ...notes, ...(remarks.length > 0 ? [remarks.join(' ')] : [])];
  return [
    `## ${type}`,
    '',
    paragraphs.join('\n\n'),
    '',
    fieldTable(actionFields(type)),
    json({ [type]: example }),
  ].join('\n');
}
