import { errorStatus } from '../../contract/errors.ts';
import { type JsonSchema, wireSchema } from '../../contract/json-schema.ts';
import { ROUTES } from '../../src/api/index.ts';
import { cell, fieldTable, GENERATED } from './markdown.ts';

type Route = (typeof ROUTES)[number];

const INTRODUCTION = `# REST

${GENERATED}
The API uses JSON in UTF-8 with \`snake_case\` names; times are RFC 3339 in UTC. Send the API key as
\`Authorization: Bearer <key>\`. A key gives access to the calls, recordings and events of its own application; anything else is
404. The admin token gives access to \`/admin/v1\` and to the data of all applications.

Lists take \`limit\` and \`cursor\` and return \`{"count","data","next_cursor"}\`. A page may have fewer rows than \`limit\`, even
none, and still have a next page: the list ends only where \`next_cursor\` is null. All errors have [one form](errors.md). Every response has
\`X-Request-Id\`. A running server returns this reference as OpenAPI 3.1 at \`GET /openapi.json\`.

| | |
|---|---|
`;

const ACCESS: Record<Route['auth'], string> = {
  none: 'Public.',
  key: 'Requires an API key.',
  any: 'Requires an API key or the admin token.',
  signed_url: 'Requires an API key, the admin token, or a signed URL.',
  metrics: 'Requires the admin token or `MINIVOICE_METRICS_TOKEN`; public if REST is bound to loopback.',
  admin: 'Requires the admin token.',
};

const title = ({ method, path }: Route): string => `${method} ${path}`;

const anchor = (route: Route): string =>
  title(route)
    .toLowerCase()
    .replace(/ /g, '-')
    .replace(/[^\w-]/g, '');

/** The reference of the routes, in Markdown. */
export function restReference(): string {
  const contents = ROUTES.map(
    (route) => `| [\`${title(route)}\`](#${anchor(route)}) | ${cell(route.summary)} |`,
  );
  return [INTRODUCTION.trimEnd(), ...contents, '', ...ROUTES.map(section)].join('\n');
}

function section(route: Route): string {
  const { summary, auth, query, body, raw, response, status = 200, errors = [] } = route;
  return [
    `## ${title(route)}\n`,
    `${summary} ${ACCESS[auth]}\n`,
    ...(query ? ['Query:\n', fieldTable(wireSchema(query))] : []),
    ...(body ? ['Body:\n', fieldTable(wireSchema(body))] : []),
    ...(raw ? ['Body: a document of [actions](actions.md).\n'] : []),
    ...(response
      ? [`Response ${status}:\n`, responseTable(wireSchema(response))]
      : [`Response ${status}.\n`]),
    ...(errors.length > 0
      ? [`Errors: ${errors.map((code) => `${errorStatus(code)} \`${code}\``).join(', ')}.\n`]
      : []),
  ].join('\n');
}

/** The fields of a response, of the rows of a list, or of `data`. */
function responseTable(schema: JsonSchema): string {
  const data = schema.properties?.['data'] as JsonSchema | undefined;
  if (data?.type === 'array')
    return `\`data\` is a list of:\n\n${fieldTable(data.items as JsonSchema, 'response')}`;
  if (data?.properties) return `\`data\` has:\n\n${fieldTable(data, 'response')}`;
  return fieldTable(schema, 'response');
}
