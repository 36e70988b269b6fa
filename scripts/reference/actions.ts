import { ACTION_TYPES, ACTIONS, type ActionType } from '../../contract/actions/index.ts';
import { actionFields } from '../../contract/json-schema.ts';
import { fieldTable, GENERATED, json } from './markdown.ts';

const INTRODUCTION = `# Actions

${GENERATED}
An application controls a call with a document of actions. MiniVoice requests the document from the
[\`answer_url\`](answer-url.md) and runs its actions in order:

${json({ actions: [{ say: { text: 'Hi' } }, { type: 'hangup' }] })}
An action has one of two forms, which a document may mix: the shorthand form \`{"say":{"text":"Hi"}}\`, and the typed form
\`{"type":"say","text":"Hi"}\`.

MiniVoice checks the whole document before any of its actions run. It rejects unknown actions, unknown fields, wrong types, more
than 100 actions, and more than 1 MiB, and reports all errors at once, each with a JSON pointer.
\`POST /v1/actions/validate\` makes the same check without a call. The rules as a JSON Schema:
[actions.schema.json](actions.schema.json).

If an action fails, the timeline of the call shows it, and the next action runs. After a **terminal** action has taken the call,
the actions after it do not run. At the end of the document, the call ends.
`;

/** The reference of the actions, in Markdown. */
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
