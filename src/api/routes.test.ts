import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isErrorCode } from '../../contract/errors.ts';
import { errorBody } from '../../contract/resources/index.ts';
import { ROUTES } from './index.ts';
import type { Auth } from './route.ts';
import { ADMIN_TOKEN, type Answer, type House, openHouse, type Settled, settle } from './testing/house.ts';

let house: House;
let ours: Settled;
let theirs: Settled;
/** The key of another application of our customer's. */
let sibling: string;

beforeAll(async () => {
  house = await openHouse();
  ours = await settle(house, 'Ours', '+15550100001');
  theirs = await settle(house, 'Theirs', '+15550100002');
  const { customerId } = ours.application;
  const also = { customerId, name: 'Also ours', answerUrl: 'https://example.com/answer' };
  sibling = (await house.directory.createApplication(also)).apiKey;
});
afterAll(() => house.close());

/** The address of a route, filled in with what is ours. */
function address(path: string): string {
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
  // A route of a new kind needs something to be asked for: what is not there is 404 for everybody.
  if (path.startsWith('/v1/') && path.includes(':id') && !ids[kind])
    throw new Error(`there is nothing of ours for ${path}`);
  return path.replace(':id', ids[kind] ?? 'none').replace(':e164', encodeURIComponent('+15550100001'));
}

/** Asks without a body, so that whoever is let in finds nothing changed where one is needed. */
const ask = (method: string, path: string, key?: string) => house.ask(method, address(path), key);

/** Who is let in: 401 is for those who are not. */
const letIn: Record<Auth, { nobody: boolean; key: boolean; admin: boolean }> = {
  none: { nobody: true, key: true, admin: true },
  key: { nobody: false, key: true, admin: false },
  any: { nobody: false, key: true, admin: true },
  link: { nobody: false, key: true, admin: true },
  metrics: { nobody: true, key: true, admin: true },
  admin: { nobody: false, key: false, admin: true },
};

const table = ROUTES.map(({ method, path, auth }) => ({ method, path, auth, of: letIn[auth] }));
const reading = table.filter(({ method }) => method === 'GET');
const particular = table.filter(({ path, auth }) => auth !== 'admin' && /:(id|e164)/.test(path));

function expectUnauthorized(answer: Answer): void {
  expect(answer.status).toBe(401);
  expect(answer.body.error.code).toBe('unauthorized');
  expect(answer.headers['www-authenticate']).toBe('Bearer');
}

describe.each(table)('$method $path', ({ method, path, of }) => {
  it(`${of.nobody ? 'is open to' : 'is closed for'} whoever comes without a key`, async () => {
    const answer = await ask(method, path);
    if (of.nobody) expect(answer.status).toBeLessThan(300);
    else expectUnauthorized(answer);
  });

  it('takes a wrong key for none', async () => {
    for (const key of ['mv_live_wrong', '', `${ADMIN_TOKEN}x`]) {
      const answer = await ask(method, path, key);
      if (of.nobody) expect(answer.status).toBeLessThan(300);
      else expectUnauthorized(answer);
    }
  });

  it('says 401 neither to its own key nor to the operator, unless it is not for them', async () => {
    if (method !== 'GET') return;
    expect((await ask(method, path, ours.key)).status === 401).toBe(!of.key);
    expect((await ask(method, path, ADMIN_TOKEN)).status === 401).toBe(!of.admin);
  });
});

it('tells the operator that a route is for API keys alone', async () => {
  const { body } = await ask('POST', '/v1/calls', ADMIN_TOKEN);
  expect(body.error.message).toMatch(/^the admin token does not work here: use an API key/);
});

it.each(['/v1/nope?limit=3', '/nope', '/v2/calls'])(
  'names the route %s, which there is not',
  async (path) => {
    const { status, body } = await house.ask('PUT', path);
    const route = `PUT ${path.split('?')[0]}`;
    const message = `there is no route ${route}: GET /openapi.json lists all of them`;
    expect({ status, error: body.error }).toEqual({ status: 404, error: { code: 'not_found', message } });
  },
);

describe.each(particular)('$method $path', ({ method, path }) => {
  it("hides what is another's behind 404", async () => {
    const answer = await ask(method, path, theirs.key);
    expect(answer.status).toBe(404);
    expect(answer.body.error.code).toMatch(/not_found$/);
  });

  it('hides it alike from a HEAD, and from whoever guesses', async () => {
    if (method !== 'GET') return;
    expect((await ask('HEAD', path, theirs.key)).status).toBe(404);
    expect((await ask('HEAD', path)).status).toBe(401);
  });

  it("hides an application's calls from another application of the same customer", async () => {
    if (!/^\/v1\/(calls|recordings|events)\//.test(path)) return;
    expect((await ask(method, path, sibling)).status).toBe(404);
  });

  it.each(['..%2f..%2fminivoice.db', '%00', '..%5c', 'a%2f..%2f..', '%252e%252e', '__proto__'])(
    'finds nothing by the id %s',
    async (id) => {
      const url = path.replace(/:(id|e164)/, id);
      expect((await house.ask(method, url, ours.key)).status).toBe(404);
    },
  );

  it('answers an id that is none with 404', async () => {
    const url = path.replace(/:(id|e164)/, 'no-such-thing');
    expect((await house.ask(method, url, ours.key)).status).toBe(404);
  });
});

describe.each(reading)('GET $path', ({ path, of }) => {
  it('answers in the form that the contract gives it', async () => {
    const answer = await ask('GET', path, of.key ? ours.key : ADMIN_TOKEN);
    expect(answer.status).toBe(200);
    const schema = ROUTES.find((route) => route.method === 'GET' && route.path === path)?.answer;
    if (schema) expect(schema.parse(answer.body)).toEqual(answer.body);
    expect(answer.headers['x-request-id']).toMatch(/\S/);
  });
});

describe.each([...new Set(table.map(({ path }) => path))])('%s', (path) => {
  it('answers other methods with 405 and says which ones it takes', async () => {
    const taken = table.filter((route) => route.path === path).map(({ method }) => method as string);
    const answer = await ask('PUT', path, ours.key);
    expect(answer.status).toBe(405);
    expect(answer.body.error.code).toBe('method_not_allowed');
    expect(String(answer.headers['allow']).split(', ')).toEqual(expect.arrayContaining(taken));
  });
});

describe('every route that takes a body', () => {
  const bodies = table.filter(
    ({ method, auth }) => (method === 'POST' || method === 'PATCH') && auth !== 'none',
  );
  const keyFor = (auth: Auth) => (auth === 'admin' ? ADMIN_TOKEN : ours.key);
  const raw = (path: string) => ROUTES.some((route) => route.path === path && route.raw);

  it.each(bodies)(
    '$method $path refuses JSON that is broken, with its place',
    async ({ method, path, auth }) => {
      if (raw(path)) return;
      const answer = await house.ask(method, address(path), keyFor(auth), '{"name":\n}');
      expect(answer.status).toBe(400);
      expect(answer.body.error).toMatchObject({ code: 'invalid_json', details: [{ code: 'invalid_json' }] });
      expect(answer.body.error.message).toMatch(/^line 2, column 1: /);
    },
  );

  it.each(bodies)('$method $path refuses what is not JSON by its type', async ({ method, path, auth }) => {
    const headers = { authorization: `Bearer ${keyFor(auth)}`, 'content-type': 'text/xml' };
    const answer = await house.api.inject({ method, url: address(path), headers, payload: '<a/>' });
    expect(answer.statusCode).toBe(415);
    expect(answer.json().error.code).toBe('unsupported_media_type');
  });

  it.each(bodies)('$method $path refuses more than 1 MiB', async ({ method, path, auth }) => {
    const answer = await house.ask(method, address(path), keyFor(auth), ' '.repeat(1024 * 1024 + 1));
    expect(answer.status).toBe(413);
    expect(answer.body.error.code).toBe('payload_too_large');
  });
});

it('gives every error the same body, with a code of the catalogue', async () => {
  const answers = await Promise.all([
    house.ask('GET', '/nowhere'),
    house.ask('GET', '/v1/calls/%zz', ours.key),
    house.ask('GET', `/v1/calls/${'x'.repeat(400)}`, ours.key),
    house.ask('GET', '/v1/calls?limit=0', ours.key),
    house.ask('GET', '/v1/calls?cursor=%00', ours.key),
    house.ask('GET', '/v1/calls?limit=1&limit=2', ours.key),
    house.ask('POST', '/v1/applications', ours.key, '[]'),
    house.ask('POST', '/v1/applications', ours.key, 'null'),
    house.ask('POST', '/v1/calls', ours.key, { from: '+15550100001' }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 400, 400, 400, 400, 400, 400]);
  for (const { body, headers } of answers) {
    expect(errorBody.strict().parse(body)).toEqual(body);
    expect(isErrorCode(body.error.code)).toBe(true);
    expect(headers['x-request-id']).toMatch(/\S/);
  }
});
