import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { whyNotPublic } from '../net/index.ts';
import { ADMIN_TOKEN, type House, openHouse, type Settled, settle } from './testing/house.ts';

let house: House;
let acme: Settled;
beforeEach(async () => {
  const whyPrivate = (host: string) => (/^[\d.]+$|:/.test(host) ? whyNotPublic(host) : undefined);
  house = await openHouse({ whyPrivate });
  acme = await settle(house, 'acme', '+15550100000');
});
afterEach(() => house.close());

const order = { from: '+15550100000', to: '+15550100001' };

describe('an unknown field', () => {
  it('of a call is refused with its place and the name that was meant', async () => {
    const body = { ...order, meta_data: {}, timeout: 30 };
    const { status, body: answer } = await house.ask('POST', '/v1/calls', acme.key, body);
    expect(status).toBe(400);
    expect(answer.error.code).toBe('invalid_request');
    const told = answer.error.details.map((each: { pointer: string; message: string }) => each);
    expect(told.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/meta_data', '/timeout']);
    expect(told[0].message).toContain('did you mean "metadata"?');
    expect(told[1].message).toContain('did you mean "timeout_seconds"?');
    expect(house.placed).toEqual([]);
  });

  it('application_id of a call is ignored', async () => {
    const body = { ...order, application_id: 'app_of_another' };
    const answer = await house.ask('POST', '/v1/calls', acme.key, body);
    expect(answer.status).toBe(201);
    expect(answer.body.application_id).toBe(acme.application.id);
  });

  it('inside of another field is refused with the name that was meant', async () => {
    const path = `/v1/applications/${acme.application.id}`;
    const nested = await house.ask('PATCH', path, acme.key, {
      ai: { base_url: 'https://ai.example.com/v1', apikey: 'x' },
      scorecard: [{ name: 'greeting', weigth: 1, look_for: ['hello'] }],
    });
    const told = nested.body.error.details.map(
      ({ pointer, message }: Record<string, string>) => `${pointer} ${message}`,
    );
    expect(told.find((each: string) => each.startsWith('/ai/apikey'))).toContain('did you mean "api_key"?');
    expect(told.find((each: string) => each.startsWith('/scorecard/0/weigth'))).toContain(
      'did you mean "weight"?',
    );
  });

  it.each([
    ['POST', '/v1/applications', { name: 'x', anser_url: 'https://a.example' }, '/anser_url'],
    ['POST', '/v1/trunks', { name: 'x', proxy: 'a.example', pasword: 'x' }, '/pasword'],
    ['POST', '/v1/phones', { username: 'x', user: 'y' }, '/user'],
    ['POST', '/admin/v1/customers', { name: 'x', plan: 'gold' }, '/plan'],
    ['POST', '/admin/v1/rates', { prefix: '+49', price_per_minute: '0.01', increment: 1 }, '/increment'],
    ['PATCH', '/admin/v1/trunks/trunk_1', { is_activ: true }, '/is_activ'],
  ])('of %s %s is refused', async (method, path, body, pointer) => {
    const key = path.startsWith('/admin') ? ADMIN_TOKEN : acme.key;
    const answer = await house.ask(method, path, key, body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.details).toContainEqual(
      expect.objectContaining({ pointer, code: 'unknown_field' }),
    );
  });

  it.each([
    '/v1/calls?form=%2B1555',
    '/v1/calls?callid=1',
    '/v1/events?states=dead',
    '/v1/applications?name=x',
    '/v1/usage?since=2026-01-01T00:00:00Z',
    '/v1/recordings?limits=3',
  ])('of the query of %s is refused', async (path) => {
    const answer = await house.ask('GET', path, acme.key);
    expect(answer.status).toBe(400);
    expect(answer.body.error.details[0].code).toBe('unknown_field');
    expect(answer.body.error.message).toMatch(/^there is no query parameter "\w+" here/);
  });

  it('of the query of a route without parameters is refused', async () => {
    const answer = await house.ask('GET', `/v1/calls/${acme.call.id}?fields=id`, acme.key);
    expect(answer.body.error.details[0]).toMatchObject({ pointer: '/fields', code: 'unknown_field' });
  });

  it('of the query of a health route is ignored, since probes add some', async () => {
    expect((await house.ask('GET', '/healthz?now=1')).status).toBe(200);
  });
});

describe('a URL that could never be requested', () => {
  const refused = [
    'http://app.example.com/answer',
    'https://127.0.0.1/answer',
    'https://[::1]/answer',
    'https://10.1.2.3:8443/answer',
    'https://0xa.1/answer',
    'https://169.254.169.254/latest',
    'https://localhost/answer',
  ];

  it.each(refused)('%s is refused when an application is saved, naming the setting', async (url) => {
    for (const field of ['answer_url', 'fallback_answer_url', 'webhook_url']) {
      const created = await house.ask('POST', '/v1/applications', acme.key, { name: 'x', [field]: url });
      expect(created.status).toBe(400);
      expect(created.body.error.details).toMatchObject([{ pointer: `/${field}`, code: 'invalid_format' }]);
      expect(created.body.error.message).toContain('MINIVOICE_ALLOW_PRIVATE_URLS=true');
    }
    const path = `/v1/applications/${acme.application.id}`;
    const patched = await house.ask('PATCH', path, acme.key, { ai: { base_url: url } });
    expect(patched.body.error.details).toMatchObject([{ pointer: '/ai/base_url' }]);
    const call = await house.ask('POST', '/v1/calls', acme.key, { ...order, answer_url: url });
    expect(call.body.error.details).toMatchObject([{ pointer: '/answer_url' }]);
  });

  it('is refused of the operator too', async () => {
    const body = { customer_id: acme.customer.id, name: 'x', answer_url: refused[0] };
    const answer = await house.ask('POST', '/admin/v1/applications', ADMIN_TOKEN, body);
    expect(answer.body.error.message).toContain('MINIVOICE_ALLOW_PRIVATE_URLS=true');
  });

  it('is taken where the setting allows it, and so is one of the public internet', async () => {
    const open = await openHouse({ allowPrivateUrls: true });
    const { key } = await settle(open, 'open', '+15550100009');
    const body = { name: 'x', answer_url: refused[0], webhook_url: refused[1] };
    expect((await open.ask('POST', '/v1/applications', key, body)).status).toBe(201);
    await open.close();
    const url = 'https://app.example.com/answer';
    expect(
      (await house.ask('POST', '/v1/applications', acme.key, { name: 'x', answer_url: url })).status,
    ).toBe(201);
  });

  it('in a document is refused by its validation', async () => {
    const document = { actions: [{ play: { url: 'https://10.0.0.1/a.wav' } }, { play: { url: 'a.wav' } }] };
    const answer = await house.ask('POST', '/v1/actions/validate', acme.key, document);
    expect(answer.body.details).toHaveLength(1);
    expect(answer.body.details[0]).toMatchObject({ pointer: '/actions/0/play/url' });
    expect(answer.body.details[0].message).toContain('MINIVOICE_ALLOW_PRIVATE_URLS=true');
  });
});

it('resolves relative URLs of the actions of a call against its answer_url', async () => {
  const actions = [{ redirect: { url: 'menu' } }];
  const body = { ...order, actions, answer_url: 'https://app.example.com/voice/answer' };
  expect((await house.ask('POST', '/v1/calls', acme.key, body)).status).toBe(201);
  expect(house.placed[0]?.actions).toMatchObject([{ url: 'https://app.example.com/voice/menu' }]);
});

describe('what is stored with a call', () => {
  const place = async (metadata: unknown) => {
    const { status, body } = await house.ask('POST', '/v1/calls', acme.key, { ...order, metadata });
    return status === 201 ? status : `${body.error.details[0].pointer} ${body.error.details[0].code}`;
  };
  const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });
  const fields = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]));

  it('may be 64 fields, nested 8 deep, and 16 KiB of metadata', async () => {
    expect(await place(fields(64))).toBe(201);
    expect(await place(nested(8))).toBe(201);
    expect(await place({ a: 'x'.repeat(16 * 1024 - 8) })).toBe(201);
  });

  it.each([
    ['65 fields', fields(65)],
    ['9 levels', nested(9)],
    ['lists 9 deep', { a: [[[[[[[[1]]]]]]]] }],
    ['one byte above 16 KiB', { a: 'x'.repeat(16 * 1024 - 7) }],
    ['16 KiB of characters that take two bytes', { a: '\u00e9'.repeat(9 * 1024) }],
  ])('is refused as metadata of %s', async (_, metadata) => {
    expect(await place(metadata)).toBe('/metadata too_long');
  });

  it('is refused as a scorecard of more than 32 KiB', async () => {
    const item = (n: number) => ({ name: `item ${n}`, weight: 1, look_for: Array(50).fill('x'.repeat(300)) });
    const scorecard = [1, 2, 3].map(item);
    const path = `/v1/applications/${acme.application.id}`;
    const answer = await house.ask('PATCH', path, acme.key, { scorecard });
    expect(answer.body.error.details).toMatchObject([{ pointer: '/scorecard', code: 'too_long' }]);
  });
});

it('takes documents up to 1 MiB, and other bodies up to 256 KiB', async () => {
  const body = (bytes: number) => `{"actions":[]}${' '.repeat(bytes - 14)}`;
  const validate = (bytes: number) => house.ask('POST', '/v1/actions/validate', acme.key, body(bytes));
  expect((await validate(1024 * 1024)).status).toBe(200);
  const document = await validate(1024 * 1024 + 1);
  expect([document.status, document.body.error.message]).toEqual([413, 'the body is larger than 1 MiB']);
  const phone = await house.ask('POST', '/v1/phones', acme.key, body(256 * 1024 + 1));
  expect([phone.status, phone.body.error.message]).toEqual([413, 'the body is larger than 256 KiB']);
});

it('ends a page of large applications early', async () => {
  const look_for = Array.from({ length: 50 }, () => 'x'.repeat(300));
  const body = {
    name: 'x',
    scorecard: [
      { name: 'a', weight: 1, look_for },
      { name: 'b', weight: 1, look_for },
    ],
  };
  for (let n = 0; n < 45; n++)
    expect((await house.ask('POST', '/v1/applications', acme.key, body)).status).toBe(201);
  const first = await house.ask('GET', '/v1/applications?limit=200', acme.key);
  expect(first.text.length).toBeLessThan(1.2 * 1024 * 1024);
  expect(first.body.count).toBe(first.body.data.length);
  const cursor = first.body.next_cursor;
  const rest = await house.ask('GET', `/v1/applications?limit=200&cursor=${cursor}`, acme.key);
  expect(first.body.count + rest.body.count).toBe(46);
  expect(rest.body.next_cursor).toBeNull();
});
