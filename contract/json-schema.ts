import { z } from 'zod';
import { ACTION_TYPES, ACTIONS, type ActionType, MAX_ACTIONS } from './actions/index.ts';
import { EVENT_NAMES, envelope } from './events.ts';

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = z.core.JSONSchema.JSONSchema;

const draft = 'https://json-schema.org/draft/2020-12/schema';

/** Converts a schema to the JSON Schema of its form on the wire. */
export function wireSchema(schema: z.ZodType): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

/** The JSON Schema of an action's fields, without its type. */
export const actionFields = (type: ActionType): JsonSchema => wireSchema(ACTIONS[type].schema);

/** The JSON Schema of a whole document, for editors and for validation in other languages. */
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

/** The JSON Schema of the body of a webhook. */
export function eventsSchema(): JsonSchema {
  return {
    $schema: draft,
    title: 'The body of a MiniVoice webhook',
    oneOf: EVENT_NAMES.map((name) => ({ $ref: `#/$defs/${name}` })),
    $defs: Object.fromEntries(EVENT_NAMES.map((name) => [name, wireSchema(envelope(name))])),
  };
}
