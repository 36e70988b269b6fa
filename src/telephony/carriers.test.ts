import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seededRandom, silentLog } from '../core/index.ts';
import type { ServiceRecord } from '../net/index.ts';
import { ha1, type Reply, type SipRequest } from '../sip/index.ts';
import { Carriers, type CarrierTrunk } from './carriers.ts';
import { PhoneIdentity } from './phone-identity.ts';
import { Registrar } from './registrar.ts';
import { type FarEnd, type Harness, HERE, openHarness, trunk } from './testing/harness.ts';

let harness: Harness;
let carrier: FarEnd;
let registrar: Registrar;
let requests: SipRequest[];
let failure: Reply | undefined;
let trunks: CarrierTrunk[];
let carriers: Carriers;
let services: Record<string, ServiceRecord[]> = {};

const ownTrunk = (more: Partial<CarrierTrunk> = {}): CarrierTrunk => ({
  ...trunk('10.0.0.2', { username: 'acme', password: 'secret', ...more }),
  ...{ id: 'trunk_1', register: true, updatedAt: 1, ...more },
});

beforeEach(async () => {
  harness = await openHarness();
  const { clock, agent, network } = harness;
  carrier = await harness.farEnd('10.0.0.2', () => {});
  const proof = ha1('MD5', 'acme', 'carrier', 'secret');
  const find = (username: string) =>
    username === 'acme' ? { id: 'phone_1', username, customerId: 'c', ha1: proof } : undefined;
  const identity = new PhoneIdentity({ find, realm: 'carrier', clock, random: seededRandom(8) });
  registrar = new Registrar(identity, clock);
  requests = [];
  failure = undefined;
  carrier.agent.onRequest = (request, source) => {
    requests.push(request);
    return failure ?? registrar.answer(request, source);
  };
  trunks = [ownTrunk()];
  carriers = new Carriers({
    ...{ userAgent: agent, clock, random: seededRandom(2), log: silentLog, allowPrivate: true },
    resolve: (name) => network.resolve(name),
    services: async (name) => services[name] ?? [],
    trunks: () => trunks,
  });
});

afterEach(async () => {
  await Promise.all([carriers.close(), harness.clock.advance(2000)]);
  await harness.end();
});

const start = async () => {
  carriers.refresh();
  await harness.clock.advance(100);
};

describe('a trunk with registration', () => {
  test('stays registered until the carriers are closed', async () => {
    expect(carriers.registered('trunk_1')).toBeUndefined();
    await start();
    expect(carriers.registered('trunk_1')).toBe(true);
    expect(registrar.contacts('acme')[0]!.uri).toBe(`sip:acme@${HERE}:5060`);
    await harness.clock.advance(3_600_000);
    expect(registrar.registered('acme')).toBe(true);
    await Promise.all([carriers.close(), harness.clock.advance(100)]);
    expect(registrar.registered('acme')).toBe(false);
  });

  test('is retried less and less often until the carrier accepts', async () => {
    failure = { status: 503 };
    await start();
    expect(carriers.registered('trunk_1')).toBe(false);
    await harness.clock.advance(60_000);
    const within = requests.length;
    expect(within).toBeGreaterThanOrEqual(3);
    expect(within).toBeLessThanOrEqual(5);
    failure = undefined;
    await harness.clock.advance(200_000);
    expect(carriers.registered('trunk_1')).toBe(true);
  });

  test('is not registered with a wrong password', async () => {
    trunks = [ownTrunk({ password: 'guess' })];
    await start();
    expect(carriers.registered('trunk_1')).toBe(false);
  });

  test('is registered again after a change, and not any more after its removal', async () => {
    await start();
    trunks = [ownTrunk({ updatedAt: 2 })];
    await start();
    expect(registrar.registered('acme')).toBe(true);
    trunks = [];
    await start();
    expect(registrar.registered('acme')).toBe(false);
    expect(carriers.registered('trunk_1')).toBeUndefined();
  });

  test('of a customer is not registered in a private network', async () => {
    await carriers.close();
    const { agent: userAgent, clock, network } = harness;
    carriers = new Carriers({
      ...{ userAgent, clock, random: seededRandom(2), log: silentLog, allowPrivate: false },
      resolve: (name) => network.resolve(name),
      services: async () => [],
      trunks: () => [ownTrunk({ customerId: 'cust_1' })],
    });
    await start();
    expect(requests).toHaveLength(0);
    expect(carriers.registered('trunk_1')).toBe(false);
  });
});

describe('a proxy with a host name', () => {
  beforeEach(() => {
    trunks = [ownTrunk({ proxy: 'Sip.carrier.example', register: false })];
    harness.network.names.set('sip.carrier.example', ['10.0.0.2']);
  });

  test('is found at its current addresses', async () => {
    await start();
    expect(carriers.at('10.0.0.2')).toHaveLength(1);
    harness.network.names.set('sip.carrier.example', ['10.0.0.3']);
    await harness.clock.advance(301_000);
    expect(carriers.at('10.0.0.2')).toHaveLength(0);
    expect(carriers.at('10.0.0.3')).toHaveLength(1);
  });

  test('keeps its addresses while DNS does not answer', async () => {
    await start();
    harness.network.names.clear();
    await harness.clock.advance(301_000);
    expect(carriers.at('10.0.0.2')).toHaveLength(1);
  });

  test.each(['::ffff:10.0.0.2', '::ffff:a00:2', '64:ff9b::a00:2', '::ffff:0a00:0002%eth0'])(
    'is found at %s',
    async (address) => {
      await start();
      expect(carriers.at(address)).toHaveLength(1);
    },
  );

  test('is matched by its name, and by its addresses of the last day', async () => {
    expect(carriers.candidates({ name: 'sip.carrier.example', address: '10.0.0.7' })).toHaveLength(1);
    await start();
    harness.network.names.set('sip.carrier.example', ['10.0.0.3']);
    await harness.clock.advance(301_000);
    expect(carriers.at('10.0.0.2')).toHaveLength(0);
    expect(carriers.candidates({ name: 'other.example', address: '64:ff9b::a00:2' })).toHaveLength(1);
    expect(carriers.candidates({ name: 'other.example', address: '10.0.0.4' })).toHaveLength(0);
  });

  test('is waited for until its first lookup ends, with or without success', async () => {
    const order: string[] = [];
    const note = (text: string) => () => void order.push(text);
    const first = carriers.known().then(note('first'));
    await harness.clock.advance(100);
    order.push('start');
    await start();
    await first;
    trunks = [...trunks, ownTrunk({ id: 'trunk_2', proxy: 'unknown.example' })];
    carriers.refresh();
    const second = carriers.known().then(note('second'));
    order.push('change');
    await harness.clock.advance(100);
    await second;
    expect(order).toEqual(['start', 'first', 'change', 'second']);
  });

  test('is matched at its addresses over other transports and without SRV records', async () => {
    const at = (name: string) => [{ name, port: 5060, priority: 1, weight: 1 }];
    services = {
      '_sip._udp.sip.carrier.example': at('udp.carrier.example'),
      '_sip._tcp.sip.carrier.example': at('tcp.carrier.example'),
    };
    harness.network.names.set('udp.carrier.example', ['10.0.0.4']);
    harness.network.names.set('tcp.carrier.example', ['10.0.0.5']);
    await start();
    services = {};
    const places = ['10.0.0.2', '10.0.0.4', '10.0.0.5'];
    expect(places.map((address) => carriers.candidates({ name: 'x', address }).length)).toEqual([1, 1, 1]);
    expect(places.map((address) => carriers.at(address).length)).toEqual([0, 1, 0]);
  });

  test.each(['a.example:99999', '[1.2.3.4', '[::::]', 'sip:', 'mailto:a@b', 'a b', 'a\r\nb'])(
    'does not affect other trunks if it is invalid: %j',
    async (proxy) => {
      trunks = [ownTrunk({ id: 'trunk_0', proxy }), ...trunks];
      await start();
      expect(carriers.at('10.0.0.2')).toHaveLength(1);
      expect(carriers.registered('trunk_0')).toBe(false);
    },
  );

  test('is not found after its trunk is removed', async () => {
    await start();
    trunks = [];
    expect(carriers.at('10.0.0.2')).toHaveLength(0);
  });
});
