import { z } from 'zod';
import {
  type CreateDocumentOptions,
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiParameters,
  type ZodOpenApiPathsObject,
  type ZodOpenApiRequestBodyObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { type ErrorCode, errorMessage, errorStatus } from '../../contract/errors.ts';
import { documentSchema, type JsonSchema } from '../../contract/json-schema.ts';
import * as resources from '../../contract/resources/index.ts';
import type { Auth, Route } from './route.ts';

/** Creates the OpenAPI 3.1 document of a table of routes. */
export function openApi(routes: readonly Route[], version: string): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    const path = (paths[route.path.replace(/:(\w+)/g, '{$1}')] ??= {});
    path[route.method.toLowerCase() as 'get'] = operation(route);
  }
  const document: ZodOpenApiObject = {
    openapi: '3.1.0',
    info: {
      title: 'MiniVoice',
      version,
      description: 'Programmable voice: calls, actions, recordings, events.',
    },
    paths,
    components: {
      schemas: { ...COMPONENTS, Document: documentComponent() as object },
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'The API key of an application.' },
        admin: {
          type: 'http',
          scheme: 'bearer',
          description: 'The admin token of the operator. It gives access to all applications.',
        },
      },
    },
  };
  return createDocument(document, { override: allowNewFields });
}

/** Later versions may add fields to responses, so response schemas do not forbid other fields. */
function allowNewFields({ zodSchema, jsonSchema, io }: OverrideContext): void {
  const { def } = zodSchema._zod;
  if (io === 'output' && def.type === 'object' && !def.catchall) delete jsonSchema.additionalProperties;
}

type OverrideContext = Parameters<NonNullable<CreateDocumentOptions['override']>>[0];

/** Schemas with their own name, so that generated clients have a type for each. */
const COMPONENTS: Record<string, z.ZodType> = {
  AiScore: resources.aiScore,
  AiSummary: resources.aiSummary,
  AiTopic: resources.aiTopic,
  Application: resources.application,
  ApplicationWithKey: resources.applicationWithKey,
  Attempt: resources.attempt,
  Balance: resources.balance,
  BalanceAdjustment: resources.balanceAdjustment,
  Call: resources.call,
  Customer: resources.customer,
  Did: resources.did,
  Error: resources.errorBody,
  Event: resources.event,
  Limits: resources.limits,
  Node: resources.node,
  Phone: resources.phone,
  Rate: resources.rate,
  Recording: resources.recording,
  TimelineEntry: resources.timelineEntry,
  Transcription: resources.transcription,
  Trunk: resources.trunk,
  Usage: resources.usage,
};

/** The schema of a document; its definitions are at their place in an OpenAPI document. */
function documentComponent(): JsonSchema {
  const { $schema, ...schema } = documentSchema();
  const text = JSON.stringify(schema).replaceAll('#/$defs/', '#/components/schemas/Document/$defs/');
  return JSON.parse(text);
}

function operation(route: Route): ZodOpenApiOperationObject {
  const { method, path, summary, auth, query } = route;
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
  const body = requestBody(route);
  return {
    operationId: operationId(method, path),
    tags: [path.split('/').find((part) => part !== '' && part !== 'v1' && part !== 'admin') ?? 'status'],
    summary,
    security: SECURITY[auth],
    ...(names.length > 0 || query ? { requestParams: parameters(names, query) } : {}),
    ...(body ? { requestBody: body } : {}),
    responses: responses(route),
  };
}

const SECURITY: Record<Auth, Record<string, string[]>[]> = {
  none: [],
  key: [{ key: [] }],
  any: [{ key: [] }, { admin: [] }],
  signed_url: [{}, { key: [] }, { admin: [] }],
  metrics: [{}, { admin: [] }],
  admin: [{ admin: [] }],
};

/** `GET /v1/calls/:id` becomes `get_v1_calls_id`. */
const operationId = (method: string, path: string): string =>
  [method.toLowerCase(), ...path.split(/\W+/).filter(Boolean)].join('_');

const parameters = (names: string[], query: z.ZodType | undefined): ZodOpenApiParameters => ({
  ...(names.length > 0
    ? { path: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))) }
    : {}),
  ...(query ? { query: query as z.ZodObject } : {}),
});

function requestBody({ body, raw }: Route): ZodOpenApiRequestBodyObject | undefined {
  if (!body && !raw) return undefined;
  const schema = body ?? { $ref: '#/components/schemas/Document' };
  return { content: { 'application/json': { schema } } };
}

function responses(route: Route): ZodOpenApiResponsesObject {
  const { status = 200, response, contentType } = route;
  const content = response
    ? { 'application/json': { schema: response } }
    : contentType
      ? { [contentType]: {} }
      : undefined;
  const success = { description: 'Success.', ...(content ? { content } : {}) };
  return { [status]: success, ...errorResponses(route) };
}

function errorResponses({ auth, body, raw, query, errors = [] }: Route): ZodOpenApiResponsesObject {
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
        content: { 'application/json': { schema: resources.errorBody } },
      },
    ]),
  );
}
