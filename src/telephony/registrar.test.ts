import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Arrival, Route } from '../calls/index.ts';
import { seededRandom, silentLog } from '../core/index.ts';
import { contactsOf, ha1, type SipResponse, type UserAgent, userOf } from '../sip/index.ts';
import { refusalOfCaller } from './caller.ts';
import { createInboundDoor } from './inbound.ts';
import { PhoneIdentity } from './phone-identity.ts';
import { Registrar } from './registrar.ts';
import { type Bench, type FarEnd, HERE, makeBench } from './testing/bench.ts';

const REALM = 'minivoice';
/** Whose trunks are where; null: the operator's. */
const OWNERS: Record<string, (string | null)[]> = { '10.0.0.8': [null], '10.0.0.9': ['cust_2'] };
const account = (username: string, customerId = 'cust_1') => ({
  id: `phone_${username}`,
  username,
  customerId,
  ha1: ha1('MD5', username, REALM, 'secret'),
});
const BOOK = [account('anna'), account('ben'), account('eve', 'cust_2')];
let book = BOOK;
const find = (name: string) => book.find(({ username }) => username === name.toLowerCase());

let bench: Bench;
let identity: PhoneIdentity;
let registrar: Registrar;
let anna: FarEnd;
let arrivals: Arrival[];

beforeEach(async () => {
  book = BOOK;
  let registered: Registrar | undefined;
  bench = await makeBench({
    phone: (name, customerId) =>
      find(name)?.customerId === customerId ? registered?.contacts(name) : undefined,
    allowPrivate: false,
  });
  const { clock, agent, engine: media } = bench;
  const phones = new PhoneIdentity({ find, realm: REALM, clock, random: seededRandom(9) });
  identity = phones;
  registrar = registered = new Registrar(phones, clock);
  agent.onRequest = (request, source) => registrar.answer(request, source);
  arrivals = [];
  const route = { customerId: 'cust_1' } as Route;
  agent.onInvite = createInboundDoor({
    ...{ media, random: seededRandom(4), log: silentLog, publicAddress: undefined, phones },
    trunkOwners: (address) => OWNERS[address] ?? [],
    isTrusted: () => false,
    isRegisteredAt: (username, address) => registrar.isAt(address, username),
    reachesNumber: (request, address) =>
      userOf(request.uri)?.startsWith('+1555') === true && OWNERS[address]?.includes('cust_1') === true,
    refused: () => {},
    proven: () => {},
    open: () => true,
    noPorts: () => {},
    normalizeNumber: (user) => user,
    withPlus: () => undefined,
    trunksAt: (address) => (OWNERS[address] ?? []).map((customerId) => ({ customerId, username: null })),
    route: () => route,
    routeOfPhone: (phone, called) =>
      find(called)?.customerId === phone.customerId ? { ...route, routingTarget: called } : undefined,
    arrive: (arrival) => arrivals.push(arrival),
  });
  anna = await bench.farEnd('10.0.0.5', (invite) => void invite.accept(anna.sdp));
});

afterEach(() => bench.end());

interface Registering {
  username?: string;
  password?: string;
  headers?: [string, string][];
  callId?: string;
  seq?: number;
}

/** A REGISTER of anna's, or of somebody who says so. */
async function register(more: Registering = {}, agent: UserAgent = anna.agent): Promise<SipResponse> {
  const { username = 'anna', password = 'secret', headers = [['Contact', '<sip:anna@10.0.0.5>']] } = more;
  const response = agent.request({
    method: 'REGISTER',
    target: `sip:${HERE}`,
    from: `sip:${username}@${HERE}`,
    to: `sip:${username}@${HERE}`,
    credentials: { username, password },
    headers,
    callId: more.callId,
    seq: more.seq,
  });
  await bench.clock.advance(50);
  return response;
}

const contacts = (response: SipResponse) =>
  contactsOf(response).map(({ uri, params }) => `${uri} ${params.get('expires')}`);

describe('a phone that registers', () => {
  test('is registered until it expires', async () => {
    const response = await register();
    expect(response.status).toBe(200);
    expect(contacts(response)).toEqual(['sip:anna@10.0.0.5 300']);
    expect(registrar.registered('Anna')).toBe(true);
    await bench.clock.advance(300_000);
    expect(registrar.registered('anna')).toBe(false);
  });

  test('refreshes, asks what is known, and leaves', async () => {
    await register({ callId: 'c', seq: 1 });
    await bench.clock.advance(200_000);
    await register({ callId: 'c', seq: 10 });
    await bench.clock.advance(200_000);
    expect(contacts(await register({ headers: [] }))).toEqual(['sip:anna@10.0.0.5 100']);
    await register({ headers: [['Contact', '<sip:anna@10.0.0.5>;expires=0']] });
    expect(registrar.registered('anna')).toBe(false);
  });

  test('leaves all its places at once', async () => {
    await register({ headers: [['Contact', '<sip:a@10.0.0.5>, <sip:b@10.0.0.5>']] });
    expect(registrar.contacts('anna')).toHaveLength(2);
    const all: [string, string] = ['Contact', '*'];
    expect((await register({ headers: [all] })).status).toBe(400);
    expect((await register({ headers: [all, ['Expires', '0']] })).status).toBe(200);
    expect(registrar.registered('anna')).toBe(false);
  });

  test('is told when it asks too often', async () => {
    const response = await register({ headers: [['Contact', '<sip:a@10.0.0.5>;expires=5']] });
    expect(response.status).toBe(423);
    expect(response.headers.get('Min-Expires')).toBe('60');
  });

  test.each(['<mailto:a@b>', '<tel:+15550100>', '<sip:@@>', 'garbage'])(
    'at %s is refused',
    async (contact) => {
      expect((await register({ headers: [['Contact', contact]] })).status).toBe(400);
      expect(registrar.registered('anna')).toBe(false);
    },
  );

  test('is registered where it can be called, whatever else it names', async () => {
    const response = await register({ headers: [['Contact', '<mailto:a@b>, <sip:anna@10.0.0.5>']] });
    expect(contacts(response)).toEqual(['sip:anna@10.0.0.5 300']);
  });

  test('late is not taken for the news that it once was', async () => {
    await register({ callId: 'c', seq: 20 });
    const old: [string, string][] = [['Contact', '<sip:anna@10.0.0.5>;expires=0']];
    expect((await register({ callId: 'c', seq: 5, headers: old })).status).toBe(500);
    expect(registrar.registered('anna')).toBe(true);
  });

  test('in too many places is refused, and stays where it was', async () => {
    const many = Array.from({ length: 11 }, (_, index) => `<sip:anna${index}@10.0.0.5>`).join(', ');
    await register();
    expect((await register({ headers: [['Contact', many]] })).status).toBe(403);
    expect(registrar.contacts('anna')).toHaveLength(1);
  });

  test.each([
    ['with a wrong password', { password: 'guess' }],
    ['that nobody knows', { username: 'nobody' }],
  ])('%s is refused', async (_what, more) => {
    expect((await register(more)).status).toBe(403);
    expect(registrar.registered('anna')).toBe(false);
  });

  test("with another's password is refused", async () => {
    const sent = anna.agent.request({
      ...{ method: 'REGISTER', target: `sip:${HERE}`, from: `sip:ben@${HERE}`, to: `sip:ben@${HERE}` },
      credentials: { username: 'anna', password: 'secret' },
      headers: [['Contact', '<sip:x@10.0.0.5>']],
    });
    await bench.clock.advance(50);
    expect((await sent).status).toBe(403);
    expect(registrar.registered('ben')).toBe(false);
  });
});

describe('a deleted phone', () => {
  const isKnown = () => [registrar.registered('anna'), registrar.isAt('10.0.0.5')];
  const deletePhone = () => {
    book = BOOK.filter(({ username }) => username !== 'anna');
  };

  test('is not registered any more', async () => {
    await register();
    expect(isKnown()).toEqual([true, true]);
    deletePhone();
    expect(registrar.isAt('10.0.0.5', 'anna')).toBe(false);
    expect(isKnown()).toEqual([false, false]);
    expect(registrar.contacts('anna')).toEqual([]);
  });

  test('is not known by its address, whatever is asked first', async () => {
    await register();
    deletePhone();
    expect(registrar.isAt('10.0.0.5')).toBe(false);
  });

  test('leaves nothing to the phone that gets its name', async () => {
    await register();
    book = [{ ...account('anna', 'cust_2'), id: 'phone_other' }];
    expect(isKnown()).toEqual([false, false]);
    const response = await register({ headers: [['Contact', '<sip:other@10.0.0.5>']] });
    expect(contacts(response)).toEqual(['sip:other@10.0.0.5 300']);
    expect(isKnown()).toEqual([true, true]);
  });
});

describe('a call to a phone', () => {
  test('goes to where it registered from, whatever its Contact says', async () => {
    await register({ headers: [['Contact', '<sip:anna@192.168.7.7:5099>']] });
    const leg = await bench.dial(`sip:anna@${HERE}`);
    const answered = leg.answer();
    await bench.clock.advance(100);
    await answered;
    expect(anna.invites[0]!.request.uri).toBe('sip:anna@192.168.7.7:5099');
    expect(anna.invites[0]!.request.headers.get('To')).toContain(`sip:anna@${HERE}`);
    await Promise.all([leg.hangup(), bench.clock.advance(100)]);
    expect(anna.agent.counters.open.dialogs).toBe(0);
  });

  test('goes through the proxies that it registered through (RFC 3327)', async () => {
    await register({
      headers: [
        ['Contact', '<sip:anna@192.168.7.7>'],
        ['Path', '<sip:edge.example;lr>'],
      ],
    });
    await bench.dial(`sip:anna@${HERE}`);
    await bench.clock.advance(100);
    expect(anna.invites[0]!.request.headers.get('Route')).toBe('<sip:edge.example;lr>');
  });

  test('that sends it on is not followed into private networks, nor through its proxies', async () => {
    await register({
      headers: [
        ['Contact', '<sip:anna@10.0.0.5>'],
        ['Path', '<sip:edge.example;lr>'],
      ],
    });
    const inside = await bench.farEnd('10.0.0.66', () => {});
    anna.agent.onInvite = (invite) => invite.reject(302, { headers: [['Contact', '<sip:x@10.0.0.66>']] });
    const leg = await bench.dial(`sip:anna@${HERE}`);
    const failed = expect(leg.answer()).rejects.toMatchObject({ code: 'unreachable' });
    await bench.clock.advance(100);
    await failed;
    expect(inside.invites).toHaveLength(0);
  });

  test.each([
    ['that is not registered', 'sip:ben'],
    ["that is another customer's", 'sip:eve'],
    ['that there is not', 'sip:nobody'],
  ])('%s cannot be reached', async (_what, who) => {
    const leg = await bench.dial(`${who}@${HERE}`);
    await expect(leg.answer()).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('a call from a phone', () => {
  async function call(to: string, more: { from?: string; password?: string } = {}) {
    const { from = 'anna', password = 'secret' } = more;
    const outgoing = anna.agent.invite({
      ...{ target: `sip:${to}@${HERE}`, from: `sip:${from}@${HERE}`, sdp: anna.sdp },
      credentials: { username: from, password },
    });
    await bench.clock.advance(100);
    return outgoing;
  }

  test('is let in from any address when it proves the password, by its name', async () => {
    await call('ben');
    expect(arrivals).toHaveLength(1);
    expect(arrivals[0]).toMatchObject({ from: 'anna', to: 'ben', route: { routingTarget: 'ben' } });
    expect(arrivals[0]).toMatchObject({ isCallerTrusted: false });
  });

  test.each([
    ['with a wrong password', 'ben', { password: 'guess' }, 403],
    ["to another customer's phone", 'eve', {}, 404],
    ['in the name of nobody that is known', 'ben', { from: 'scanner' }, 403],
  ])('%s is refused', async (_what, to, more, status) => {
    expect(await (await call(to, more)).result).toMatchObject({ kind: 'refused', status });
    expect(arrivals).toHaveLength(0);
  });

  test('is asked for the password even when the phone is registered', async () => {
    await register();
    const outgoing = anna.agent.invite({
      ...{ target: `sip:ben@${HERE}`, from: `sip:anna@${HERE}`, sdp: anna.sdp },
    });
    await bench.clock.advance(100);
    expect(await outgoing.result).toMatchObject({ kind: 'refused', status: 401 });
  });
});

test("a trunk's call needs no password, whoever it says that it comes from", async () => {
  const carrier = await bench.farEnd('10.0.0.8', () => {});
  const sdp = carrier.sdp;
  carrier.agent.invite({ target: `sip:+1555@${HERE}`, from: `sip:anna@${HERE}`, sdp });
  await bench.clock.advance(100);
  expect(arrivals).toHaveLength(1);
  // What the operator's carrier says of its caller may leave again over the operator's trunks.
  expect(arrivals[0]).toMatchObject({ isCallerTrusted: true });
});

describe("a customer's trunk", () => {
  const sdp = () => anna.sdp;

  async function calling(from: string, address = '10.0.0.9') {
    const carrier = await bench.farEnd(address, () => {});
    const sent = carrier.agent.invite({
      target: `sip:+1555@${HERE}`,
      from: `sip:${from}@${HERE}`,
      sdp: sdp(),
    });
    await bench.clock.advance(100);
    return sent;
  }

  test("does not reach another customer's numbers", async () => {
    expect(await (await calling('+4930123')).result).toMatchObject({ status: 404 });
    expect(arrivals).toHaveLength(0);
  });

  test("may claim the address of another's phones, and they are known there all the same", async () => {
    const agent = (await bench.farEnd('10.0.0.9', () => {})).agent;
    await register({ headers: [['Contact', '<sip:anna@10.0.0.9>']] }, agent);
    const sent = agent.invite({
      ...{ target: `sip:ben@${HERE}`, from: `sip:anna@${HERE}`, sdp: sdp() },
      credentials: { username: 'anna', password: 'secret' },
    });
    await bench.clock.advance(100);
    expect(sent.responded).toBe(true);
    expect(arrivals).toHaveLength(1);
    expect(arrivals[0]).toMatchObject({ from: 'anna', to: 'ben' });
  });
});

test('who guesses names is answered alike whether there is such a phone or not', async () => {
  const asked = await Promise.all(
    ['anna', 'nobody'].map(async (username) => {
      const target = `sip:${HERE}`;
      const who = `sip:${username}@${HERE}`;
      const plain = anna.agent.request({ method: 'REGISTER', target, from: who, to: who });
      await bench.clock.advance(50);
      return [(await plain).status, (await register({ username, password: 'guess' })).status];
    }),
  );
  expect(asked).toEqual([
    [401, 403],
    [401, 403],
  ]);
});

test('answers an INVITE alike whether there is such a phone or not, and keeps nothing of it', async () => {
  const { agent } = bench;
  const ports = {
    phones: identity,
    trunkOwners: (address: string) => OWNERS[address] ?? [],
    isTrusted: () => false,
    isRegisteredAt: () => false,
    reachesNumber: () => false,
  };
  agent.gate = (request, source) => refusalOfCaller(request, source, ports);
  const invite = (from: string, password?: string) => {
    const who = `sip:${from}@${HERE}`;
    const credentials = password === undefined ? undefined : { username: from, password };
    const options = { target: `sip:ben@${HERE}`, from: who, sdp: anna.sdp, credentials };
    return anna.agent.invite(options);
  };
  const statuses: Record<string, number[]> = {};
  for (const name of ['anna', 'nobody', '+15557654321']) {
    const sent = [invite(name), invite(name, 'guess')];
    await bench.clock.advance(100);
    expect(agent.counters.open.transactions).toBe(0);
    const results = await Promise.all(sent.map(({ result }) => result));
    statuses[name] = results.map((result) => (result.kind === 'refused' ? result.status : 200));
  }
  // What no phone can be named is refused for its address.
  expect(statuses).toEqual({ anna: [401, 403], nobody: [401, 403], '+15557654321': [403, 403] });
  invite('anna', 'secret');
  await bench.clock.advance(100);
  expect(arrivals).toHaveLength(1);
});

test('a request that is no REGISTER is not for the registrar', async () => {
  const sent = anna.agent.request({ method: 'SUBSCRIBE', target: `sip:${HERE}`, from: 'sip:anna@x' });
  await bench.clock.advance(50);
  expect((await sent).status).toBe(405);
});
