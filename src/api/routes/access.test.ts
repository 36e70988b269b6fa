import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isErrorCode } from '../../../contract/errors.ts';
import { errorBody } from '../../../contract/resources/index.ts';
import type { Auth } from '../route.ts';
import {
  ADMIN_TOKEN,
  type SeededCustomer,
  seedCustomer,
  startTestServer,
  type TestResponse,
  type TestServer,
} from '../testing/test-server.ts';
import { ROUTES } from './index.ts';

let server: TestServer;
let ours: SeededCustomer;
let theirs: SeededCustomer;
/** The key of another application of the same customer. */
let siblingKey: string;

beforeAll(async () => {
  server = await startTestServer();
  ours = await seedCustomer(server, 'Ours', '+15550100001');
  theirs = await seedCustomer(server, 'Theirs', '+15550100002');
  const { customerId } = ours.application;
  const sibling = { customerId, name: 'Also ours', answerUrl: 'https://example.com/answer' };
  siblingKey = (await server.directory.createApplication(sibling)).apiKey;
});
afterAll(() => server.close());

/** The URL of a route with the ids of our customer's resources. */
function urlOf(path: string): string {
  const [, kind = ''] = /^(?:\/admin)?\/v1\/(\w+)/.exec(path) ?? [];
  const ids: Record<string, string> = {
    applications: ours.application.id,
    customers: ours.customer.id,
    calls: ours.call.id,
    recordings: ours.recording.id,
    events: ours.event.id,
    dids: ours.did.id,
    trunks: ours.trunk.id,
    phones: ours.phone.id,
  };
  // A route with a new kind of id needs a resource here: otherwise it is 404 for everyone.
  if (path.startsWith('/v1/') && path.includes(':id') && !ids[kind])
    throw new Error(`seedCustomer creates no resource for ${path}`);
  return path.replace(':id', ids[kind] ?? 'none').replace(':e164', encodeURIComponent('+15550100001'));
}

/** Sends a request without a body, so that no accepted request changes anything. */
const request = (method: string, path: string, key?: string) => server.request(method, urlOf(path), key);

/** The credentials that each kind of route accepts; the others get a 401. */
const ACCEPTED: Record<Auth, { anonymous: boolean; key: boolean; admin: boolean }> = {
  none: { anonymous: true, key: true, admin: true },
  key: { anonymous: false, key: true, admin: false },
  any: { anonymous: false, key: true, admin: true },
  signed_url: { anonymous: false, key: true, admin: true },
  metrics: { anonymous: true, key: true, admin: true },
  admin: { anonymous: false, key: false, admin: true },
};

const table = ROUTES.map(({ method, path, auth }) => ({ method, path, auth, accepts: ACCEPTED[auth] }));
const getRoutes = table.filter(({ method }) => method === 'GET');
const routesWithId = table.filter(({ path, auth }) => auth !== 'admin' && /:(id|e164)/.test(path));

function expectUnauthorized(response: TestResponse): void {
  expect(response.status).toBe(401);
  expect(response.body.error.code).toBe('unauthorized');
  expect(response.headers['www-authenticate']).toBe('Bearer');
}

describe.each(table)('$method $path', ({ method, path, accepts }) => {
  it(`${accepts.anonymous ? 'accepts' : 'rejects'} a request without a key`, async () => {
    const response = await request(method, path);
    if (accepts.anonymous) expect(response.status).toBeLessThan(300);
    else expectUnauthorized(response);
  });

  it('treats a wrong key like no key', async () => {
    for (const key of ['mv_live_wrong', '', `${ADMIN_TOKEN}x`]) {
      const response = await request(method, path, key);
      if (accepts.anonymous) expect(response.status).toBeLessThan(300);
      else expectUnauthorized(response);
    }
  });

  it('responds with 401 to a key or the admin token only if it does not accept them', async () => {
    if (method !== 'GET') return;
    expect((await request(method, path, ours.key)).status === 401).toBe(!accepts.key);
    expect((await request(method, path, ADMIN_TOKEN)).status === 401).toBe(!accepts.admin);
  });
});

it('explains that a route accepts only API keys', async () => {
  const { body } = await request('POST', '/v1/calls', ADMIN_TOKEN);
  expect(body.error.message).toMatch(/^the admin token does not work here: use an API key/);
});

it.each(['/v1/nope?limit=3', '/nope', '/v2/calls'])('names the unknown route %s', async (path) => {
  const { status, body } = await server.request('PUT', path);
  const route = `PUT ${path.split('?')[0]}`;
  const message = `there is no route ${route}: GET /openapi.json lists all routes`;
  expect({ status, error: body.error }).toEqual({ status: 404, error: { code: 'not_found', message } });
});

describe.each(routesWithId)('$method $path', ({ method, path }) => {
  it('responds with 404 to a key of another customer', async () => {
    const response = await request(method, path, theirs.key);
    expect(response.status).toBe(404);
    expect(response.body.error.code).toMatch(/not_found$/);
  });

  it('responds alike to HEAD', async () => {
    if (method !== 'GET') return;
    expect((await request('HEAD', path, theirs.key)).status).toBe(404);
    expect((await request('HEAD', path)).status).toBe(401);
  });

  it('responds with 404 to another application of the same customer', async () => {
    if (!/^\/v1\/(calls|recordings|events)\//.test(path)) return;
    expect((await request(method, path, siblingKey)).status).toBe(404);
  });

  it.each(['..%2f..%2fminivoice.db', '%00', '..%5c', 'a%2f..%2f..', '%252e%252e', '__proto__'])(
    'finds nothing by the id %s',
    async (id) => {
      const url = path.replace(/:(id|e164)/, id);
      expect((await server.request(method, url, ours.key)).status).toBe(404);
    },
  );

  it('responds with 404 for an unknown id', async () => {
    const url = path.replace(/:(id|e164)/, 'no-such-thing');
    expect((await server.request(method, url, ours.key)).status).toBe(404);
  });
});

describe.each(getRoutes)('GET $path', ({ path, accepts }) => {
  it('responds as its schema declares', async () => {
    const response = await request('GET', path, accepts.key ? ours.key : ADMIN_TOKEN);
    expect(response.status).toBe(200);
    const schema = ROUTES.find((route) => route.method === 'GET' && route.path === path)?.response;
    if (schema) expect(schema.parse(response.body)).toEqual(response.body);
    expect(response.headers['x-request-id']).toMatch(/\S/);
  });
});

describe.each([...new Set(table.map(({ path }) => path))])('%s', (path) => {
  it('responds with 405 and the allowed methods to other methods', async () => {
    const allowed = table.filter((route) => route.path === path).map(({ method }) => method as string);
    const response = await request('PUT', path, ours.key);
    expect(response.status).toBe(405);
    expect(response.body.error.code).toBe('method_not_allowed');
    expect(String(response.headers['allow']).split(', ')).toEqual(expect.arrayContaining(allowed));
  });
});

describe('every route with a body', () => {
  const bodies = table.filter(
    ({ method, auth }) => (method === 'POST' || method === 'PATCH') && auth !== 'none',
  );
  const keyFor = (auth: Auth) => (auth === 'admin' ? ADMIN_TOKEN : ours.key);
  const raw = (path: string) => ROUTES.some((route) => route.path === path && route.raw);

  it.each(bodies)(
    '$method $path rejects invalid JSON and reports its place',
    async ({ method, path, auth }) => {
      if (raw(path)) return;
      const response = await server.request(method, urlOf(path), keyFor(auth), '{"name":\n}');
      expect(response.status).toBe(400);
      expect(response.body.error).toMatchObject({
        code: 'invalid_json',
        details: [{ code: 'invalid_json' }],
      });
      expect(response.body.error.message).toMatch(/^line 2, column 1: /);
    },
  );

  it.each(bodies)('$method $path rejects a content type other than JSON', async ({ method, path, auth }) => {
    const headers = { authorization: `Bearer ${keyFor(auth)}`, 'content-type': 'text/xml' };
    const response = await server.api.inject({ method, url: urlOf(path), headers, payload: '<a/>' });
    expect(response.statusCode).toBe(415);
    expect(response.json().error.code).toBe('unsupported_media_type');
  });

  it.each(bodies)('$method $path rejects a body of more than 1 MiB', async ({ method, path, auth }) => {
    const response = await server.request(method, urlOf(path), keyFor(auth), ' '.repeat(1024 * 1024 + 1));
    expect(response.status).toBe(413);
    expect(response.body.error.code).toBe('payload_too_large');
  });
});

it('responds to every error with the same form and a code of the catalog', async () => {
  const responses = await Promise.all([
    server.request('GET', '/nowhere'),
    server.request('GET', '/v1/calls/%zz', ours.key),
    server.request('GET', `/v1/calls/${'x'.repeat(400)}`, ours.key),
    server.request('GET', '/v1/calls?limit=0', ours.key),
    server.request('GET', '/v1/calls?cursor=%00', ours.key),
    server.request('GET', '/v1/calls?limit=1&limit=2', ours.key),
    server.request('POST', '/v1/applications', ours.key, '[]'),
    server.request('POST', '/v1/applications', ours.key, 'null'),
    server.request('POST', '/v1/calls', ours.key, { from: '+15550100001' }),
  ]);
  expect(responses.map(({ status }) => status)).toEqual([404, 404, 404, 400, 400, 400, 400, 400, 400]);
  for (const { body, headers } of responses) {
    expect(errorBody.strict().parse(body)).toEqual(body);
    expect(isErrorCode(body.error.code)).toBe(true);
    expect(headers['x-request-id']).toMatch(/\S/);
  }
});
