import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seededRandom, silentLog } from '../core/index.ts';
import type { ServiceRecord } from '../net/index.ts';
import { ha1, type Reply, type SipRequest } from '../sip/index.ts';
import { Carriers, type CarrierTrunk } from './carriers.ts';
import { PhoneIdentity } from './phone-identity.ts';
import { Registrar } from './registrar.ts';
import { type Bench, type FarEnd, HERE, makeBench, trunk } from './testing/bench.ts';

let bench: Bench;
let carrier: FarEnd;
let registrar: Registrar;
let asked: SipRequest[];
let broken: Reply | undefined;
let trunks: CarrierTrunk[];
let carriers: Carriers;
let services: Record<string, ServiceRecord[]> = {};

const own = (more: Partial<CarrierTrunk> = {}): CarrierTrunk => ({
  ...trunk('10.0.0.2', { username: 'acme', password: 'secret', ...more }),
  ...{ id: 'trunk_1', register: true, updatedAt: 1, ...more },
});

beforeEach(async () => {
  bench = await makeBench();
  const { clock, agent, network } = bench;
  carrier = await bench.farEnd('10.0.0.2', () => {});
  const proof = ha1('MD5', 'acme', 'carrier', 'secret');
  const find = (username: string) =>
    username === 'acme' ? { id: 'phone_1', username, customerId: 'c', ha1: proof } : undefined;
  const identity = new PhoneIdentity({ find, realm: 'carrier', clock, random: seededRandom(8) });
  registrar = new Registrar(identity, clock);
  asked = [];
  broken = undefined;
  carrier.agent.onRequest = (request, source) => {
    asked.push(request);
    return broken ?? registrar.answer(request, source);
  };
  trunks = [own()];
  carriers = new Carriers({
    ...{ userAgent: agent, clock, random: seededRandom(2), log: silentLog, allowPrivate: true },
    resolve: (name) => network.resolve(name),
    services: async (name) => services[name] ?? [],
    trunks: () => trunks,
  });
});

afterEach(async () => {
  await Promise.all([carriers.close(), bench.clock.advance(2000)]);
  await bench.end();
});

const start = async () => {
  carriers.refresh();
  await bench.clock.advance(100);
};

describe('a trunk that is to be registered with', () => {
  test('knows where we are, for as long as the program runs', async () => {
    expect(carriers.registered('trunk_1')).toBeUndefined();
    await start();
    expect(carriers.registered('trunk_1')).toBe(true);
    expect(registrar.contacts('acme')[0]!.uri).toBe(`sip:acme@${HERE}:5060`);
    await bench.clock.advance(3_600_000);
    expect(registrar.registered('acme')).toBe(true);
    await Promise.all([carriers.close(), bench.clock.advance(100)]);
    expect(registrar.registered('acme')).toBe(false);
  });

  test('that refuses is asked again, less and less often, until it takes us', async () => {
    broken = { status: 503 };
    await start();
    expect(carriers.registered('trunk_1')).toBe(false);
    await bench.clock.advance(60_000);
    const within = asked.length;
    expect(within).toBeGreaterThanOrEqual(3);
    expect(within).toBeLessThanOrEqual(5);
    broken = undefined;
    await bench.clock.advance(200_000);
    expect(carriers.registered('trunk_1')).toBe(true);
  });

  test('with a wrong password is not registered', async () => {
    trunks = [own({ password: 'guess' })];
    await start();
    expect(carriers.registered('trunk_1')).toBe(false);
  });

  test('is let go when it is gone, and registered anew when it has changed', async () => {
    await start();
    trunks = [own({ updatedAt: 2 })];
    await start();
    expect(registrar.registered('acme')).toBe(true);
    trunks = [];
    await start();
    expect(registrar.registered('acme')).toBe(false);
    expect(carriers.registered('trunk_1')).toBeUndefined();
  });

  test('of a private network is left alone where it is the customer who names it', async () => {
    await carriers.close();
    const { agent: userAgent, clock, network } = bench;
    carriers = new Carriers({
      ...{ userAgent, clock, random: seededRandom(2), log: silentLog, allowPrivate: false },
      resolve: (name) => network.resolve(name),
      services: async () => [],
      trunks: () => [own({ customerId: 'cust_1' })],
    });
    await start();
    expect(asked).toHaveLength(0);
    expect(carriers.registered('trunk_1')).toBe(false);
  });
});

describe("a trunk's proxy that has a name", () => {
  beforeEach(() => {
    trunks = [own({ proxy: 'Sip.carrier.example', register: false })];
    bench.network.names.set('sip.carrier.example', ['10.0.0.2']);
  });

  test('is known by its addresses, as they are now', async () => {
    await start();
    expect(carriers.at('10.0.0.2')).toHaveLength(1);
    bench.network.names.set('sip.carrier.example', ['10.0.0.3']);
    await bench.clock.advance(301_000);
    expect(carriers.at('10.0.0.2')).toHaveLength(0);
    expect(carriers.at('10.0.0.3')).toHaveLength(1);
  });

  test('stays known while the name service is silent', async () => {
    await start();
    bench.network.names.clear();
    await bench.clock.advance(301_000);
    expect(carriers.at('10.0.0.2')).toHaveLength(1);
  });

  test.each(['::ffff:10.0.0.2', '::ffff:a00:2', '64:ff9b::a00:2', '::ffff:0a00:0002%eth0'])(
    'is known at %s too',
    async (address) => {
      await start();
      expect(carriers.at(address)).toHaveLength(1);
    },
  );

  test('may be called past the bill neither by its name nor at an address of the last day', async () => {
    expect(carriers.maybe({ name: 'sip.carrier.example', address: '10.0.0.7' })).toHaveLength(1);
    await start();
    bench.network.names.set('sip.carrier.example', ['10.0.0.3']);
    await bench.clock.advance(301_000);
    expect(carriers.at('10.0.0.2')).toHaveLength(0);
    expect(carriers.maybe({ name: 'other.example', address: '64:ff9b::a00:2' })).toHaveLength(1);
    expect(carriers.maybe({ name: 'other.example', address: '10.0.0.4' })).toHaveLength(0);
  });

  test('is waited for until its name was looked up once, found or not', async () => {
    const order: string[] = [];
    const note = (text: string) => () => void order.push(text);
    const first = carriers.known().then(note('first'));
    await bench.clock.advance(100);
    order.push('start');
    await start();
    await first;
    trunks = [...trunks, own({ id: 'trunk_2', proxy: 'unknown.example' })];
    carriers.refresh();
    const second = carriers.known().then(note('second'));
    order.push('change');
    await bench.clock.advance(100);
    await second;
    expect(order).toEqual(['start', 'first', 'change', 'second']);
  });

  test('may not be called past the bill over another transport, nor without its SRV records', async () => {
    const at = (name: string) => [{ name, port: 5060, priority: 1, weight: 1 }];
    services = {
      '_sip._udp.sip.carrier.example': at('udp.carrier.example'),
      '_sip._tcp.sip.carrier.example': at('tcp.carrier.example'),
    };
    bench.network.names.set('udp.carrier.example', ['10.0.0.4']);
    bench.network.names.set('tcp.carrier.example', ['10.0.0.5']);
    await start();
    services = {};
    const places = ['10.0.0.2', '10.0.0.4', '10.0.0.5'];
    expect(places.map((address) => carriers.maybe({ name: 'x', address }).length)).toEqual([1, 1, 1]);
    expect(places.map((address) => carriers.at(address).length)).toEqual([0, 1, 0]);
  });

  test.each(['a.example:99999', '[1.2.3.4', '[::::]', 'sip:', 'mailto:a@b', 'a b', 'a\r\nb'])(
    'and that is no address, such as %j, keeps no other trunk from working',
    async (proxy) => {
      trunks = [own({ id: 'trunk_0', proxy }), ...trunks];
      await start();
      expect(carriers.at('10.0.0.2')).toHaveLength(1);
      expect(carriers.registered('trunk_0')).toBe(false);
    },
  );

  test('is forgotten at once when the trunk is', async () => {
    await start();
    trunks = [];
    expect(carriers.at('10.0.0.2')).toHaveLength(0);
  });
});
