import { errorStatus } from '../../contract/errors.ts';
import { type JsonSchema, wireSchema } from '../../contract/json-schema.ts';
import { ROUTES } from '../../src/api/index.ts';
import { cell, fieldTable, GENERATED } from './fields.ts';

type Route = (typeof ROUTES)[number];

const INTRODUCTION = `# REST

${GENERATED}
JSON in UTF-8, \`snake_case\`; times are RFC 3339 in UTC. A key is shown as \`Authorization: Bearer <key>\`; it sees its own
application's calls, recordings and events, and anything else is 404. The admin token opens \`/admin/v1\`, and reads
everything. Lists take \`limit\` and \`cursor\` and answer \`{"count","data","next_cursor"}\`. Errors have
[one form](errors.md). Every answer has \`X-Request-Id\`. A running server answers \`GET /openapi.json\` with the
same as OpenAPI 3.1.

| | |
|---|---|
`;

const WHO: Record<Route['auth'], string> = {
  none: 'Open to everybody.',
  key: 'With a key.',
  any: 'With a key or the admin token.',
  link: 'With a key, the admin token, or a signed address.',
  metrics:
    'With the admin token or `MINIVOICE_METRICS_TOKEN`; open to everybody where REST is bound to loopback.',
  admin: 'With the admin token.',
};

const title = ({ method, path }: Route): string => `${method} ${path}`;

const anchor = (route: Route): string =>
  title(route)
    .toLowerCase()
    .replace(/ /g, '-')
    .replace(/[^\w-]/g, '');

/** The reference of all routes, in Markdown. */
export function restReference(): string {
  const contents = ROUTES.map(
    (route) => `| [\`${title(route)}\`](#${anchor(route)}) | ${cell(route.summary)} |`,
  );
  return [INTRODUCTION.trimEnd(), ...contents, '', ...ROUTES.map(section)].join('\n');
}

function section(route: Route): string {
  const { summary, auth, query, body, raw, answer, status = 200, errors = [] } = route;
  return [
    `## ${title(route)}\n`,
    `${summary} ${WHO[auth]}\n`,
    ...(query ? ['Query:\n', fieldTable(wireSchema(query))] : []),
    ...(body ? ['Body:\n', fieldTable(wireSchema(body))] : []),
    ...(raw ? ['Body: a document of [actions](actions.md).\n'] : []),
    ...(answer ? [`Answers ${status}:\n`, answerTable(wireSchema(answer))] : [`Answers ${status}.\n`]),
    ...(errors.length > 0
      ? [`Errors: ${errors.map((code) => `${errorStatus(code)} \`${code}\``).join(', ')}.\n`]
      : []),
  ].join('\n');
}

/** The fields of an answer; of a list's rows, and of what stands in `data`. */
function answerTable(schema: JsonSchema): string {
  const data = schema.properties?.['data'] as JsonSchema | undefined;
  if (data?.type === 'array')
    return `\`data\` holds rows of:\n\n${fieldTable(data.items as JsonSchema, 'answered')}`;
  if (data?.properties) return `\`data\` holds:\n\n${fieldTable(data, 'answered')}`;
  return fieldTable(schema, 'answered');
}
