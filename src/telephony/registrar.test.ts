import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CallRoute, InboundCall } from '../calls/index.ts';
import { contactsOf, ha1, type SipResponse, type UserAgent } from '../sip/index.ts';
import type { Registrar } from './registrar.ts';
import { type FarEnd, type Harness, HERE, openHarness } from './testing/harness.ts';
import { attachIngress } from './testing/ingress.ts';

const REALM = 'minivoice';
/** The owners of the trunks by address; null: the operator. */
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

let harness: Harness;
let registrar: Registrar;
let anna: FarEnd;
let arrivals: InboundCall[];

beforeEach(async () => {
  book = BOOK;
  let registered: Registrar | undefined;
  harness = await openHarness({
    phone: (name, customerId) =>
      find(name)?.customerId === customerId ? registered?.contacts(name) : undefined,
    allowPrivate: false,
  });
  const route = { customerId: 'cust_1' } as CallRoute;
  const ingress = attachIngress(harness, find, {
    sources: {
      trunksAt: (address) => (OWNERS[address] ?? []).map((customerId) => ({ customerId, username: null })),
    },
    numbers: {
      route: () => route,
      routeOfPhone: (phone, called) =>
        find(called)?.customerId === phone.customerId ? { ...route, routingTarget: called } : undefined,
    },
  });
  ({ registrar, arrivals } = ingress);
  registered = registrar;
  anna = await harness.farEnd('10.0.0.5', (invite) => void invite.accept(anna.sdp));
});

afterEach(() => harness.end());

interface Registering {
  username?: string;
  password?: string;
  headers?: [string, string][];
  callId?: string;
  seq?: number;
}

/** Sends a REGISTER, for anna by default. */
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
  await harness.clock.advance(50);
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
    await harness.clock.advance(300_000);
    expect(registrar.registered('anna')).toBe(false);
  });

  test('refreshes, queries and removes its binding', async () => {
    await register({ callId: 'c', seq: 1 });
    await harness.clock.advance(200_000);
    await register({ callId: 'c', seq: 10 });
    await harness.clock.advance(200_000);
    expect(contacts(await register({ headers: [] }))).toEqual(['sip:anna@10.0.0.5 100']);
    await register({ headers: [['Contact', '<sip:anna@10.0.0.5>;expires=0']] });
    expect(registrar.registered('anna')).toBe(false);
  });

  test('removes all bindings with Contact: *', async () => {
    await register({ headers: [['Contact', '<sip:a@10.0.0.5>, <sip:b@10.0.0.5>']] });
    expect(registrar.contacts('anna')).toHaveLength(2);
    const all: [string, string] = ['Contact', '*'];
    expect((await register({ headers: [all] })).status).toBe(400);
    expect((await register({ headers: [all, ['Expires', '0']] })).status).toBe(200);
    expect(registrar.registered('anna')).toBe(false);
  });

  test('gets 423 with Min-Expires when it asks for too short a time', async () => {
    const response = await register({ headers: [['Contact', '<sip:a@10.0.0.5>;expires=5']] });
    expect(response.status).toBe(423);
    expect(response.headers.get('Min-Expires')).toBe('60');
  });

  test.each(['<mailto:a@b>', '<tel:+15550100>', '<sip:@@>', 'garbage'])(
    'gets 400 for the Contact %s',
    async (contact) => {
      expect((await register({ headers: [['Contact', contact]] })).status).toBe(400);
      expect(registrar.registered('anna')).toBe(false);
    },
  );

  test('is registered at its SIP URI even with other Contacts beside it', async () => {
    const response = await register({ headers: [['Contact', '<mailto:a@b>, <sip:anna@10.0.0.5>']] });
    expect(contacts(response)).toEqual(['sip:anna@10.0.0.5 300']);
  });

  test('gets 500 for a CSeq that is out of order', async () => {
    await register({ callId: 'c', seq: 20 });
    const old: [string, string][] = [['Contact', '<sip:anna@10.0.0.5>;expires=0']];
    expect((await register({ callId: 'c', seq: 5, headers: old })).status).toBe(500);
    expect(registrar.registered('anna')).toBe(true);
  });

  test('gets 403 for too many Contacts and keeps the old ones', async () => {
    const many = Array.from({ length: 11 }, (_, index) => `<sip:anna${index}@10.0.0.5>`).join(', ');
    await register();
    expect((await register({ headers: [['Contact', many]] })).status).toBe(403);
    expect(registrar.contacts('anna')).toHaveLength(1);
  });

  test.each([
    ['a wrong password', { password: 'guess' }],
    ['an unknown name', { username: 'nobody' }],
  ])('gets 403 with %s', async (_what, more) => {
    expect((await register(more)).status).toBe(403);
    expect(registrar.registered('anna')).toBe(false);
  });

  test("gets 403 with another phone's password", async () => {
    const sent = anna.agent.request({
      ...{ method: 'REGISTER', target: `sip:${HERE}`, from: `sip:ben@${HERE}`, to: `sip:ben@${HERE}` },
      credentials: { username: 'anna', password: 'secret' },
      headers: [['Contact', '<sip:x@10.0.0.5>']],
    });
    await harness.clock.advance(50);
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

  test('is not found by its address', async () => {
    await register();
    deletePhone();
    expect(registrar.isAt('10.0.0.5')).toBe(false);
  });

  test('passes no binding on to a new phone of the same name', async () => {
    await register();
    book = [{ ...account('anna', 'cust_2'), id: 'phone_other' }];
    expect(isKnown()).toEqual([false, false]);
    const response = await register({ headers: [['Contact', '<sip:other@10.0.0.5>']] });
    expect(contacts(response)).toEqual(['sip:other@10.0.0.5 300']);
    expect(isKnown()).toEqual([true, true]);
  });
});

describe('a call to a phone', () => {
  test('goes to the address that the phone registered from, whatever its Contact says', async () => {
    await register({ headers: [['Contact', '<sip:anna@192.168.7.7:5099>']] });
    const leg = await harness.dial(`sip:anna@${HERE}`);
    const answered = leg.answer();
    await harness.clock.advance(100);
    await answered;
    expect(anna.invites[0]!.request.uri).toBe('sip:anna@192.168.7.7:5099');
    expect(anna.invites[0]!.request.headers.get('To')).toContain(`sip:anna@${HERE}`);
    await Promise.all([leg.hangup(), harness.clock.advance(100)]);
    expect(anna.agent.counters.open.dialogs).toBe(0);
  });

  test('goes through the proxies of its Path (RFC 3327)', async () => {
    await register({
      headers: [
        ['Contact', '<sip:anna@192.168.7.7>'],
        ['Path', '<sip:edge.example;lr>'],
      ],
    });
    await harness.dial(`sip:anna@${HERE}`);
    await harness.clock.advance(100);
    expect(anna.invites[0]!.request.headers.get('Route')).toBe('<sip:edge.example;lr>');
  });

  test('does not follow a redirection into private networks', async () => {
    await register({
      headers: [
        ['Contact', '<sip:anna@10.0.0.5>'],
        ['Path', '<sip:edge.example;lr>'],
      ],
    });
    const inside = await harness.farEnd('10.0.0.66', () => {});
    anna.agent.onInvite = (invite) => invite.reject(302, { headers: [['Contact', '<sip:x@10.0.0.66>']] });
    const leg = await harness.dial(`sip:anna@${HERE}`);
    const failed = expect(leg.answer()).rejects.toMatchObject({ code: 'unreachable' });
    await harness.clock.advance(100);
    await failed;
    expect(inside.invites).toHaveLength(0);
  });

  test.each([
    ['a phone that is not registered', 'sip:ben'],
    ["another customer's phone", 'sip:eve'],
    ['an unknown phone', 'sip:nobody'],
  ])('cannot reach %s', async (_what, who) => {
    const leg = await harness.dial(`${who}@${HERE}`);
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
    await harness.clock.advance(100);
    return outgoing;
  }

  test('is admitted from any address with the right password, and shows the name of the phone', async () => {
    await call('ben');
    expect(arrivals).toHaveLength(1);
    expect(arrivals[0]).toMatchObject({ from: 'anna', to: 'ben', route: { routingTarget: 'ben' } });
    expect(arrivals[0]).toMatchObject({ isCallerTrusted: false });
  });

  test.each([
    ['with a wrong password', 'ben', { password: 'guess' }, 403],
    ["to another customer's phone", 'eve', {}, 404],
    ['from an unknown name', 'ben', { from: 'scanner' }, 403],
  ])('%s is refused', async (_what, to, more, status) => {
    expect(await (await call(to, more)).result).toMatchObject({ kind: 'refused', status });
    expect(arrivals).toHaveLength(0);
  });

  test('gets 401 without a password even when the phone is registered', async () => {
    await register();
    const outgoing = anna.agent.invite({
      ...{ target: `sip:ben@${HERE}`, from: `sip:anna@${HERE}`, sdp: anna.sdp },
    });
    await harness.clock.advance(100);
    expect(await outgoing.result).toMatchObject({ kind: 'refused', status: 401 });
  });
});

test("a call from an operator's trunk needs no password, whatever its From", async () => {
  const carrier = await harness.farEnd('10.0.0.8', () => {});
  const sdp = carrier.sdp;
  carrier.agent.invite({ target: `sip:+1555@${HERE}`, from: `sip:anna@${HERE}`, sdp });
  await harness.clock.advance(100);
  expect(arrivals).toHaveLength(1);
  // The caller ID of the operator's carrier may leave over the operator's trunks.
  expect(arrivals[0]).toMatchObject({ isCallerTrusted: true });
});

describe("a customer's trunk", () => {
  const sdp = () => anna.sdp;

  async function calling(from: string, address = '10.0.0.9') {
    const carrier = await harness.farEnd(address, () => {});
    const sent = carrier.agent.invite({
      target: `sip:+1555@${HERE}`,
      from: `sip:${from}@${HERE}`,
      sdp: sdp(),
    });
    await harness.clock.advance(100);
    return sent;
  }

  test("does not reach another customer's numbers", async () => {
    expect(await (await calling('+4930123')).result).toMatchObject({ status: 404 });
    expect(arrivals).toHaveLength(0);
  });

  test("at the address of another customer's phone does not keep that phone from calling", async () => {
    const agent = (await harness.farEnd('10.0.0.9', () => {})).agent;
    await register({ headers: [['Contact', '<sip:anna@10.0.0.9>']] }, agent);
    const sent = agent.invite({
      ...{ target: `sip:ben@${HERE}`, from: `sip:anna@${HERE}`, sdp: sdp() },
      credentials: { username: 'anna', password: 'secret' },
    });
    await harness.clock.advance(100);
    expect(sent.responded).toBe(true);
    expect(arrivals).toHaveLength(1);
    expect(arrivals[0]).toMatchObject({ from: 'anna', to: 'ben' });
  });
});

test('answers a REGISTER alike for existing and unknown phones', async () => {
  const asked = await Promise.all(
    ['anna', 'nobody'].map(async (username) => {
      const target = `sip:${HERE}`;
      const who = `sip:${username}@${HERE}`;
      const plain = anna.agent.request({ method: 'REGISTER', target, from: who, to: who });
      await harness.clock.advance(50);
      return [(await plain).status, (await register({ username, password: 'guess' })).status];
    }),
  );
  expect(asked).toEqual([
    [401, 403],
    [401, 403],
  ]);
});

test('answers an INVITE alike for existing and unknown phones, and keeps no transaction', async () => {
  const { agent } = harness;
  const invite = (from: string, password?: string) => {
    const who = `sip:${from}@${HERE}`;
    const credentials = password === undefined ? undefined : { username: from, password };
    const options = { target: `sip:ben@${HERE}`, from: who, sdp: anna.sdp, credentials };
    return anna.agent.invite(options);
  };
  const statuses: Record<string, number[]> = {};
  for (const name of ['anna', 'nobody', '+15557654321']) {
    const sent = [invite(name), invite(name, 'guess')];
    await harness.clock.advance(100);
    expect(agent.counters.open.transactions).toBe(0);
    const results = await Promise.all(sent.map(({ result }) => result));
    statuses[name] = results.map((result) => (result.kind === 'refused' ? result.status : 200));
  }
  // No phone can have a number as its name: such a caller is refused by its address.
  expect(statuses).toEqual({ anna: [401, 403], nobody: [401, 403], '+15557654321': [403, 403] });
  invite('anna', 'secret');
  await harness.clock.advance(100);
  expect(arrivals).toHaveLength(1);
});

test('answers SUBSCRIBE from a registered phone with 405', async () => {
  await register();
  const sent = anna.agent.request({ method: 'SUBSCRIBE', target: `sip:${HERE}`, from: 'sip:anna@x' });
  await harness.clock.advance(50);
  expect((await sent).status).toBe(405);
});
