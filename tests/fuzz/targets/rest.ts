import { ACTION_TYPES, ACTIONS } from '../../../contract/actions/index.ts';
import { isErrorCode } from '../../../contract/errors.ts';
import { ROUTES } from '../../../src/api/index.ts';
import { ADMIN_TOKEN, seedCustomer, startTestServer } from '../../../src/api/testing/test-server.ts';
import type { RandomChoice } from '../random-choice.ts';
import type { Subject, Target, Verdict } from '../target.ts';

/** Requests until a new server, so that created resources do not accumulate. */
const REQUESTS_PER_SERVER = 4000;

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS';

/** A server with two customers; requests come from one of them, the operator, or without credentials. */
async function openFixture() {
  const server = await startTestServer({ requestsPerMinute: { key: 1e9, address: 1e9 } });
  const ours = await seedCustomer(server, 'Ours', '+15550100001');
  const theirs = await seedCustomer(server, 'Theirs', '+15550100002');
  return { server, ours, theirs };
}
type Fixture = Awaited<ReturnType<typeof openFixture>>;

/** An input has the lines method, path, credentials, range, type and idempotency key, then the body. */
async function open(): Promise<Subject> {
  let fixture = await openFixture();
  let inputs = 0;
  const renew = async () => {
    await fixture.server.close();
    fixture = await openFixture();
  };
  return {
    async process(input) {
      if (++inputs % REQUESTS_PER_SERVER === 0) await renew();
      return request(fixture, input.toString('latin1'));
    },
    async settle() {
      await renew();
      return [];
    },
    close: () => fixture.server.close(),
  };
}

async function request({ server, ours, theirs }: Fixture, input: string): Promise<Verdict> {
  const text = filledIn(input, ours);
  const [method = '', path = '', who = '', range = '', type = '', key = '', ...body] = text.split('\n');
  const url = `/${path.replace(/^\/+/, '')}`;
  if (!URL.canParse(url, 'http://localhost') || !/^(GET|POST|PATCH|DELETE|HEAD|OPTIONS)$/.test(method))
    return 'refused';
  const token = who === 'ours' ? ours.key : who === 'operator' ? ADMIN_TOKEN : who;
  const headers = {
    authorization: `Bearer ${sendable(token)}`,
    ...(range && { range: sendable(range) }),
    'content-type': sendable(type) || 'application/json',
    ...(key && { 'idempotency-key': sendable(key) }),
  };
  const payload = Buffer.from(body.join('\n'), 'latin1');
  const answer = await server.api.inject({ method: method as Method, url, headers, payload });
  check(answer.statusCode, answer.payload, method);
  if (who === 'ours' && answer.payload.includes(theirs.call.id))
    throw new Error(`${method} ${url} returns another customer's call`);
  return answer.statusCode < 400 ? 'accepted' : 'refused';
}

function check(status: number, payload: string, method: string): void {
  if (status >= 500) throw new Error(`${status} ${payload.slice(0, 300)}`);
  if (status < 400 || method === 'HEAD') return;
  const { code, message } = JSON.parse(payload).error;
  if (!isErrorCode(code) || !message) throw new Error(`${status} with ${payload.slice(0, 300)}`);
}

/** Removes the octets that Node does not send in a header. */
const sendable = (text: string) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '').trim();

type Ours = Fixture['ours'];
function filledIn(text: string, ours: Ours): string {
  const ids: Record<string, string> = {
    call: ours.call.id,
    recording: ours.recording.id,
    application: ours.application.id,
    customer: ours.customer.id,
    event: ours.event.id,
    did: ours.did.id,
    trunk: ours.trunk.id,
    phone: ours.phone.id,
    e164: '+15550100001',
  };
  return text.replace(/@(\w+)@/g, (_, name: string) => ids[name] ?? name);
}

const IDS = [
  '@call@',
  '@recording@',
  '@application@',
  '@customer@',
  '@event@',
  '@did@',
  '@trunk@',
  '@phone@',
  '@e164@',
];
const ODD = [
  'x',
  '%00',
  '%2e%2e%2f',
  "'; --",
  '9'.repeat(290),
  '__proto__',
  '%ff',
  '%F0%9F%98%80',
  'rec_call_1',
  '.',
];

/** Fills in the ids of a path, usually of the correct type. */
function pathOf(random: RandomChoice, path: string): string {
  const [, kind = ''] = /\/v1\/(\w+)s\//.exec(path) ?? [];
  const right = IDS.includes(`@${kind}@`) ? `@${kind}@` : '@e164@';
  return path.replace(/:\w+/g, () => (random.once(3) ? random.pick([...IDS, ...ODD]) : right));
}

const QUERY = [
  'limit',
  'cursor',
  'status',
  'call_id',
  'event',
  'from',
  'to',
  'expires',
  'signature',
  'type',
  'q',
  'search',
  'application_id',
  'month',
  'direction',
];
const CURSOR = Buffer.from('["2026","x"]').toString('base64url');
const VALUES = [
  '',
  '1',
  '200',
  '201',
  '-1',
  '1e9',
  'x',
  '%00',
  CURSOR,
  'AAAA',
  '2026-05-29T12:02:12Z',
  '+099999-01-01T00:00:00Z',
  'completed',
  '@call@',
  '%27',
  '%ff',
  'NaN',
  '_%25',
];

function query(random: RandomChoice): string {
  const parts = random.some(4, () => `${random.pick(QUERY)}=${random.pick(VALUES)}`);
  return parts.length > 0 ? `?${parts.join('&')}` : '';
}

const FIELDS: Record<string, readonly unknown[]> = {
  name: ['A', '', 'x'.repeat(300), '\u0000'],
  to: ['+15550100001', 'sip:a@b', '', '911'],
  from: ['+15550100002', 'x'],
  answer_url: ['https://example.com', 'http://127.0.0.1', 'javascript:1'],
  webhook_url: ['https://example.com', null],
  customer_id: ['@customer@', 'x'],
  application_id: ['@application@', 'x'],
  number_e164: ['+15550100009', '+1', '+15550100001'],
  username: ['desk', 'a b', '', 'é'],
  proxy: ['sip.example.com', '10.0.0.1', 'sip:[', ''],
  inbound_ip: ['192.0.2.0/24', '0.0.0.0/0', '::/129', 'x'],
  action: ['start', 'stop', 'pause', 'resume', 'x'],
  mode: ['silence', 'skip'],
  amount: ['1.50', '-1', '1e9', '99999999999999999999', 'x', 1.5],
  currency: ['EUR', 'eur', ''],
  prefix: ['+1', '', '49'],
  price_per_minute: ['0.01', '-1'],
  first_increment_seconds: [60, 0, -1, 1e9],
  further_increment_seconds: [1, 0],
  calls_per_second: [1, 0, null, -1],
  concurrent_calls: [1, null],
  metadata: [{}, { record: true }, { a: { b: [] } }, [], null],
  variables: [{}, { a: 'b' }, { __proto__: 'x' }, { ['x'.repeat(200)]: 'y' }],
  actions: [[], [ACTIONS.say.example], 'x'],
  reason: ['top-up', ''],
  secret: ['s'.repeat(40), ''],
  transport: ['udp', 'tls', 'x'],
  enabled: [true, false, 'true'],
};

function body(random: RandomChoice): string {
  if (random.once(10))
    return random.pick(['', 'null', '[]', '{', '"x"', '1e999', '{"a":'.repeat(3000), '\u00ff\u00fe']);
  const fields = Object.entries(FIELDS)
    .filter(() => random.once(2))
    .map(([name, values]) => [
      name,
      random.once(8) ? random.pick([null, 1, true, [], {}, '']) : random.pick(values),
    ]);
  return JSON.stringify(Object.fromEntries(fields));
}

const RANGES = [
  '',
  '',
  '',
  'bytes=0-9',
  'bytes=-5',
  'bytes=9-1',
  'bytes=0-',
  'bytes=99999999999999999999-',
  'bytes=0-1,3-4',
  'x',
];
const WHO = ['ours', 'ours', 'ours', 'operator', 'operator', 'nobody', ''];

function generate(random: RandomChoice): Buffer {
  const { method, path } = random.pick(ROUTES);
  const url = pathOf(random, path) + (random.once(2) ? query(random) : '');
  // Admin routes mostly get the operator's token.
  const who = path.startsWith('/admin') && !random.once(4) ? 'operator' : random.pick(WHO);
  const type = random.once(12) ? random.pick(['text/plain', 'application/json;charset=x', ';']) : '';
  const key = random.once(6) ? random.pick(['k', 'x'.repeat(300), '\u00ff']) : '';
  const sent = method === 'GET' || method === 'DELETE' ? '' : body(random);
  return Buffer.from(
    [random.once(20) ? 'HEAD' : method, url, who, random.pick(RANGES), type, key, sent].join('\n'),
  );
}

const document = JSON.stringify({ actions: ACTION_TYPES.map((type) => ACTIONS[type].example) });
const corpus = [
  'GET\n/v1/recordings/@recording@/file\nours\nbytes=0-9\n\n\n',
  'GET\n/v1/calls?limit=5&cursor=x\nours\n\n\n\n',
  'POST\n/v1/calls\nours\n\n\nkey\n{"to":"+15550100001","from":"+15550100002"}',
  `POST\n/v1/actions/validate\nours\n\n\n\n${document}`,
  'PATCH\n/v1/trunks/@trunk@\nours\n\n\n\n{"name":"T","proxy":"sip.example.com"}',
].map((text) => Buffer.from(text));

/** All REST routes, with random ids, queries, ranges, keys and bodies. */
export const rest: Target = { name: 'rest', share: 20, corpus, generate, open };
