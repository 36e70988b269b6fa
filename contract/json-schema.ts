import { z } from 'zod';
import { MAX_ACTIONS } from './actions/document.ts';
import { ACTION_TYPES, ACTIONS, type ActionType } from './actions/index.ts';
import { EVENT_NAMES, envelope } from './events.ts';

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = z.core.JSONSchema.JSONSchema;

const draft = 'https://json-schema.org/draft/2020-12/schema';

/** The JSON Schema of what is written on the wire. */
export function wireSchema(schema: z.ZodType): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

/** The fields of an action, without its name. */
export const actionFields = (type: ActionType): JsonSchema => wireSchema(ACTIONS[type].schema);

/** The schema of a whole document, for editors and for checks in other languages. */
export function documentSchema(): JsonSchema {
  const either = ACTION_TYPES.flatMap((type) => [
    { $ref: `#/$defs/${type}_shorthand` },
    { $ref: `#/$defs/${type}` },
  ]);
  const definitions = ACTION_TYPES.flatMap((type) => [
    [`${type}_shorthand`, shorthandSchema(type)],
    [type, typedSchema(type)],
  ]);
  return {
    $schema: draft,
    title: 'A document of MiniVoice actions',
    type: 'object',
    properties: { actions: { type: 'array', maxItems: MAX_ACTIONS, items: { anyOf: either } } },
    required: ['actions'],
    additionalProperties: false,
    $defs: Object.fromEntries(definitions),
  };
}

const shorthandSchema = (type: ActionType): JsonSchema => ({
  description: ACTIONS[type].summary,
  type: 'object',
  properties: { [type]: actionFields(type) },
  required: [type],
  additionalProperties: false,
});

function typedSchema(type: ActionType): JsonSchema {
  const fields = actionFields(type);
  return {
    description: ACTIONS[type].summary,
    ...fields,
    properties: { type: { const: type }, ...fields.properties },
    required: ['type', ...(fields.required ?? [])],
  };
}

/** The schema of every webhook's body. */
export function eventsSchema(): JsonSchema {
  return {
    $schema: draft,
    title: 'The body of a MiniVoice webhook',
    oneOf: EVENT_NAMES.map((name) => ({ $ref: `#/$defs/${name}` })),
    $defs: Object.fromEntries(EVENT_NAMES.map((name) => [name, wireSchema(envelope(name))])),
  };
}
