import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seededRandom, silentLog } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { MemoryNetwork } from '../net/testing/memory-network.ts';
import { createUserAgent, type Reply, type SipRequest, type UserAgent } from '../sip/index.ts';
import { Registrations } from './registrations.ts';
import { trunk } from './testing/harness.ts';

type Fields = [string, string][];
type Registrar = (request: SipRequest, count: number) => Reply;

const HERE = '10.0.0.1';
const OURS = `<sip:acme@${HERE}:5060>`;

let clock: VirtualClock;
let network: MemoryNetwork;
let agents: UserAgent[];
let registrations: Registrations;
/** The address and the Expires of each REGISTER. */
let requests: { by: string; expires: number }[];

beforeEach(async () => {
  clock = new VirtualClock();
  network = new MemoryNetwork(clock, seededRandom(1));
  agents = [];
  requests = [];
});
afterEach(async () => {
  await Promise.all([registrations.close(), clock.advance(2000)]);
  for (const each of agents) void each.close(0);
  await clock.advance(1);
});

async function agentAt(host: string): Promise<UserAgent> {
  const random = seededRandom(agents.length);
  const agent = createUserAgent({ clock, network, random, log: silentLog, host, port: 5060, userAgent: 'x' });
  agents.push(agent);
  await agent.listen();
  return agent;
}

/** Registers with a carrier that gives this answer. */
async function register(answer: Registrar | Reply, more: { services?: string[] } = {}): Promise<void> {
  const userAgent = await agentAt(HERE);
  const hosts = more.services ?? ['10.0.0.2'];
  for (const address of hosts) {
    const carrier = await agentAt(address);
    carrier.onRequest = (request) => {
      requests.push({ by: address, expires: Number(request.headers.get('Expires')) });
      return typeof answer === 'function' ? answer(request, requests.length) : answer;
    };
  }
  const records = hosts.map((name, priority) => ({ name, port: 5060, priority, weight: 1 }));
  registrations = new Registrations({
    ...{ userAgent, clock, random: seededRandom(2), log: silentLog, allowPrivate: true },
    resolve: (name) => network.resolve(name),
    services: async () => (more.services ? records : []),
  });
  const proxy = more.services ? 'carrier.example' : '10.0.0.2';
  const line = trunk(proxy, { username: 'acme', password: 'secret' });
  registrations.setTrunks([{ ...line, id: 'trunk_1', updatedAt: 1 }]);
  await clock.advance(100);
}

const granted = (headers: Fields): Reply => ({ status: 200, headers });
const seconds = (count: number) => clock.advance(count * 1000);
const isRegistered = () => registrations.registered('trunk_1');

describe('a registrar that answers 423', () => {
  const requiring = (least: string): Registrar => {
    return ({ headers }) =>
      Number(headers.get('Expires')) < Number(least) && headers.get('Expires') !== '0'
        ? { status: 423, headers: [['Min-Expires', least]] }
        : granted([
            ['Contact', OURS],
            ['Expires', least],
          ]);
  };

  test.each(['601', '1800', '86400', '4294967295'])(
    'with Min-Expires: %s gets a second request at once',
    async (least) => {
      await register(requiring(least));
      expect(requests.map(({ expires }) => expires)).toEqual([600, Number(least)]);
      expect(isRegistered()).toBe(true);
    },
  );

  test('is asked for its minimum from then on', async () => {
    await register(requiring('1800'));
    await seconds(1800);
    expect(requests.map(({ expires }) => expires)).toEqual([600, 1800, 1800]);
  });

  test.each<[string, Fields]>([
    ['without Min-Expires', []],
    ['with the time that we ask for', [['Min-Expires', '600']]],
    ['with 0', [['Min-Expires', '0']]],
    ['with no number', [['Min-Expires', 'soon']]],
    ['with a negative number', [['Min-Expires', '-1']]],
  ])('%s is asked for more time, less and less often', async (_what, headers) => {
    await register({ status: 423, headers });
    await seconds(60);
    expect(requests.length).toBeGreaterThan(2);
    expect(requests.length).toBeLessThan(7);
    expect(requests[1]!.expires).toBe(1200);
    await seconds(24 * 3600);
    expect(requests.at(-1)!.expires).toBe(86_400);
    expect(isRegistered()).toBe(false);
  });

  test('does not cause a loop if it requires more each time', async () => {
    await register(({ headers }) => ({
      status: 423,
      headers: [['Min-Expires', String(Number(headers.get('Expires')) + 1)]],
    }));
    await seconds(60);
    expect(requests.length).toBeLessThan(14);
  });
});

describe('a refusal', () => {
  test.each([
    [503, '60', 60],
    [503, '3600', 3600],
    [500, '60;duration=600', 60],
    [404, '120 (maintenance)', 120],
    [480, '60', 60],
    [603, '7200', 7200],
    [503, '4294967295', 86_400],
  ])('%i with Retry-After: %s is not repeated before %i s', async (status, value, wait) => {
    await register({ status, headers: [['Retry-After', value]] });
    expect(requests).toHaveLength(1);
    await seconds(wait - 1);
    expect(requests).toHaveLength(1);
    await seconds(wait * 0.3 + 4000);
    expect(requests.length).toBeGreaterThan(1);
  });

  test.each(['', 'soon', '-5', '0'])('with Retry-After: "%s" is repeated as usual', async (value) => {
    await register({ status: 503, headers: [['Retry-After', value]] });
    await seconds(7);
    expect(requests).toHaveLength(2);
  });

  test('with Retry-After makes us use another registrar until the time is over', async () => {
    await register(
      (_request, count) =>
        count === 1 ? { status: 503, headers: [['Retry-After', '600']] } : granted([['Expires', '60']]),
      {
        services: ['10.0.0.2', '10.0.0.3'],
      },
    );
    await seconds(590);
    expect(requests.slice(1).every(({ by }) => by === '10.0.0.3')).toBe(true);
    await seconds(60);
    expect(requests.slice(1).some(({ by }) => by === '10.0.0.2')).toBe(true);
    expect(isRegistered()).toBe(true);
  });

  test.each([301, 302, 403, 404, 405, 420, 488, 494, 600, 606])(
    'with %i is repeated slowly',
    async (status) => {
      await register({ status, headers: [['Contact', '<sip:10.0.0.9>']] });
      await seconds(45);
      expect(requests).toHaveLength(1);
      await seconds(24 * 3600);
      expect(requests.length).toBeGreaterThan(20);
      expect(requests.length).toBeLessThan(40);
      expect(isRegistered()).toBe(false);
    },
  );

  test('of a wrong password is repeated slowly', async () => {
    const challenge: Fields = [['WWW-Authenticate', 'Digest realm="carrier", nonce="n", algorithm=MD5']];
    await register({ status: 401, headers: challenge });
    await seconds(45);
    expect(requests).toHaveLength(2);
  });

  test('of a stale nonce is answered with the new nonce', async () => {
    const challenge = (nonce: string, stale: boolean): Reply => ({
      status: 401,
      headers: [['WWW-Authenticate', `Digest realm="c", nonce="${nonce}", stale=${stale}, algorithm=MD5`]],
    });
    await register((_request, count) => {
      if (count < 3) return challenge(`n${count}`, count > 1);
      return granted([['Expires', '600']]);
    });
    expect(requests).toHaveLength(3);
    expect(isRegistered()).toBe(true);
  });

  test('of every nonce as stale is not answered forever', async () => {
    await register((_request, count) => ({
      status: 401,
      headers: [['WWW-Authenticate', `Digest realm="c", nonce="n${count}", stale=true, algorithm=MD5`]],
    }));
    await seconds(30);
    expect(requests).toHaveLength(3);
  });
});

describe('a 200', () => {
  test.each<[string, Fields, number]>([
    ['without Contact and Expires', [], 570],
    ['with Contact: <mailto:a@b>', [['Contact', '<mailto:a@b>']], 570],
    ['with Contact: *', [['Contact', '*']], 570],
    ['with an invalid Contact', [['Contact', '<sip:x@:99999>']], 570],
    ['with an expires that is not a number', [['Contact', `${OURS};expires=soon`]], 570],
    ['with a negative expires', [['Contact', `${OURS};expires=-1`]], 570],
    ['with garbage beside our Contact', [['Contact', `<mailto:a@b>, ${OURS};expires=100`]], 70],
    ["with others' Contacts", [['Contact', `<sip:x@10.0.0.9>;expires=5, ${OURS};expires=100`]], 70],
    ['with a rewritten Contact', [['Contact', '<sip:acme@192.0.2.1:4444>;expires=100']], 70],
    ['with two rewritten Contacts', [['Contact', '<sip:a@x>;expires=3600, <sip:b@x>;expires=100']], 70],
    [
      'with our Contact and Expires',
      [
        ['Contact', OURS],
        ['Expires', '100'],
      ],
      70,
    ],
    ['with a fraction', [['Contact', `${OURS};expires=100.5`]], 70],
    ['with 1 s', [['Expires', '1']], 5],
    ['with 20 s', [['Expires', '20']], 10],
    ['with a day', [['Contact', `${OURS};expires=86400`]], 86_370],
    ['with Expires: 4294967295', [['Expires', '4294967295']], 86_400],
    ['with expires=99999999999999999999', [['Contact', `${OURS};expires=99999999999999999999`]], 86_400],
  ])('%s is followed by a refresh in time', async (_what, headers, after) => {
    await register(granted(headers));
    expect(isRegistered()).toBe(true);
    await seconds(after - 1);
    expect(requests).toHaveLength(1);
    await seconds(1.1);
    expect(requests).toHaveLength(2);
    expect(isRegistered()).toBe(true);
  });

  test.each<[string, Fields]>([
    ['Expires: 0', [['Expires', '0']]],
    ['expires=0', [['Contact', `${OURS};expires=0`]]],
  ])('with %s does not register us, and does not cause a loop', async (_what, headers) => {
    await register(granted(headers));
    expect(isRegistered()).toBe(false);
    await seconds(60);
    expect(requests.length).toBeLessThan(6);
  });
});

test('removes a registration that is accepted after its trunk was removed', async () => {
  await register(() => granted([['Expires', '600']]));
  await seconds(569.95);
  registrations.setTrunks([]);
  await seconds(1);
  expect(requests.at(-1)!.expires).toBe(0);
});
