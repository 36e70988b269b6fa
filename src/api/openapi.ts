import type { z } from 'zod';
import { type ErrorCode, errorMessage, errorStatus } from '../../contract/errors.ts';
import { documentSchema, type JsonSchema, wireSchema } from '../../contract/json-schema.ts';
import {
  aiScore,
  aiSummary,
  aiTopic,
  application,
  applicationWithKey,
  attempt,
  balance,
  balanceAdjustment,
  call,
  customer,
  did,
  errorBody,
  event,
  limits,
  node,
  phone,
  rate,
  recording,
  timelineEntry,
  transcription,
  trunk,
  usage,
} from '../../contract/resources/index.ts';
import type { Auth, Route } from './route.ts';

/** OpenAPI 3.1 of a table of routes. */
export function openApi(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = (paths[route.path.replace(/:(\w+)/g, '{$1}')] ??= {});
    path[route.method.toLowerCase()] = operation(route);
  }
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'MiniVoice',
      version,
      description: 'Programmable voice: calls, actions, recordings, events.',
    },
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: "An application's API key." },
        admin: { type: 'http', scheme: 'bearer', description: "The operator's token: it sees everything." },
      },
    },
  };
  const schemas = Object.entries(NAMED).map(([name, schema]) => [name, wireSchema(schema)] as const);
  const names = new Map(schemas.map(([name, schema]) => [JSON.stringify(schema), name]));
  const named = byReference(document, names) as typeof document;
  const components = {
    ...named.components,
    schemas: { ...Object.fromEntries(schemas), Document: documentWithin() },
  };
  return { ...named, components };
}

/** Schemas that have a name of their own, so that generated clients have a type for each. */
const NAMED: Record<string, z.ZodType> = {
  AiScore: aiScore,
  AiSummary: aiSummary,
  AiTopic: aiTopic,
  Application: application,
  ApplicationWithKey: applicationWithKey,
  Attempt: attempt,
  Balance: balance,
  BalanceAdjustment: balanceAdjustment,
  Call: call,
  Customer: customer,
  Did: did,
  Error: errorBody,
  Event: event,
  Limits: limits,
  Node: node,
  Phone: phone,
  Rate: rate,
  Recording: recording,
  TimelineEntry: timelineEntry,
  Transcription: transcription,
  Trunk: trunk,
  Usage: usage,
};

/** The same document with each named schema said once, and referred to. */
function byReference(value: unknown, names: Map<string, string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const name = names.get(JSON.stringify(value));
  if (name) return { $ref: `#/components/schemas/${name}` };
  if (Array.isArray(value)) return value.map((item) => byReference(item, names));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, byReference(item, names)]));
}

/** The document's schema with its definitions where an OpenAPI document has them. */
function documentWithin(): JsonSchema {
  const { $schema, ...schema } = documentSchema();
  const text = JSON.stringify(schema).replaceAll('#/$defs/', '#/components/schemas/Document/$defs/');
  return JSON.parse(text);
}

function operation(route: Route): object {
  const { method, path, summary, auth } = route;
  const parameters = [...pathParameters(path), ...queryParameters(route)];
  const body = requestBody(route);
  return {
    operationId: operationId(method, path),
    tags: [path.split('/').find((part) => part !== '' && part !== 'v1' && part !== 'admin') ?? 'status'],
    summary,
    security: SECURITY[auth],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: body } : {}),
    responses: responses(route),
  };
}

const SECURITY: Record<Auth, object[]> = {
  none: [],
  key: [{ key: [] }],
  any: [{ key: [] }, { admin: [] }],
  link: [{}, { key: [] }, { admin: [] }],
  metrics: [{}, { admin: [] }],
  admin: [{ admin: [] }],
};

/** `GET /v1/calls/:id` is `get_v1_calls_id`. */
const operationId = (method: string, path: string): string =>
  [method.toLowerCase(), ...path.split(/\W+/).filter(Boolean)].join('_');

const pathParameters = (path: string): object[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

function queryParameters({ query }: Route): object[] {
  if (!query) return [];
  const { properties = {}, required = [] } = wireSchema(query);
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function requestBody({ body, raw }: Route): object | undefined {
  if (!body && !raw) return undefined;
  const schema = body ? wireSchema(body) : { $ref: '#/components/schemas/Document' };
  return { content: { 'application/json': { schema } } };
}

function responses(route: Route): Record<string, object> {
  const { status = 200, answer, contentType } = route;
  const content = answer
    ? { 'application/json': { schema: wireSchema(answer) } }
    : contentType
      ? { [contentType]: {} }
      : undefined;
  const success = { description: 'Success.', ...(content ? { content } : {}) };
  return { [status]: success, ...failures(route) };
}

function failures({ auth, body, raw, query, errors = [] }: Route): Record<string, object> {
  const codes: ErrorCode[] = [
    ...(body ? (['invalid_json'] as const) : []),
    ...(body || query ? (['invalid_request'] as const) : []),
    ...(auth === 'none' ? [] : (['unauthorized'] as const)),
    ...errors,
    ...(body || raw ? (['payload_too_large', 'unsupported_media_type'] as const) : []),
    'rate_limited',
    'internal_error',
    'stored_row_unusable',
  ];
  const byStatus = Map.groupBy(codes, errorStatus);
  return Object.fromEntries(
    [...byStatus].map(([status, some]) => [
      status,
      {
        description: some.map((code) => `\`${code}\`: ${errorMessage(code)}`).join('; '),
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    ]),
  );
}
