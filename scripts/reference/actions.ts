import { ACTION_TYPES, ACTIONS, type ActionType } from '../../contract/actions/index.ts';
import { actionFields } from '../../contract/json-schema.ts';
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

/** The reference of all actions, in Markdown. */
export function actionsReference(): string {
  const contents = ACTION_TYPES.map((type) => `- [\`${type}\`](#${type}): ${ACTIONS[type].summary}`);
  return [INTRODUCTION, ...contents, '', ...ACTION_TYPES.map(section)].join('\n');
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
