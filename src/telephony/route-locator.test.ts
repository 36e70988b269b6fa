import { describe, expect, test } from 'vitest';
import { seededRandom } from '../core/index.ts';
import type { ServiceRecord } from '../net/index.ts';
import { type Located, locator } from './locator.ts';

const HOSTS: Record<string, string[]> = {
  'carrier.example': ['203.0.114.9'],
  'a.carrier.example': ['203.0.114.1'],
  'b.carrier.example': ['203.0.114.2', '203.0.114.3'],
  'inside.example': ['10.0.0.1', '203.0.114.4'],
};

const find = (
  destination: string,
  records: Record<string, ServiceRecord[]> = {},
  more: Partial<Located> = {},
) =>
  locator({
    resolve: async (host) => HOSTS[host] ?? Promise.reject(new Error(`${host} is unknown`)),
    services: async (name) => records[name] ?? [],
    random: seededRandom(1),
    allowPrivate: false,
    ...more,
  })({ destination, guarded: true });

const record = (name: string, priority: number, weight = 1): ServiceRecord => {
  return { name: `${name}.carrier.example`, port: 5070, priority, weight };
};

describe('the places behind a URI', () => {
  test('are the addresses of its host', async () => {
    expect(await find('sip:carrier.example')).toEqual(['sip:carrier.example;maddr=203.0.114.9']);
    expect(await find('sip:203.0.114.7:5080')).toEqual(['sip:203.0.114.7:5080;maddr=203.0.114.7']);
  });

  test('are those that its domain names, by priority, under the name that was asked for', async () => {
    const records = { '_sip._udp.carrier.example': [record('b', 20), record('a', 10)] };
    expect(await find('sip:carrier.example', records)).toEqual([
      'sip:carrier.example:5070;maddr=203.0.114.1',
      'sip:carrier.example:5070;maddr=203.0.114.2',
      'sip:carrier.example:5070;maddr=203.0.114.3',
    ]);
  });

  test.each([
    ['sip:carrier.example;transport=tcp', '_sip._tcp.carrier.example'],
    ['sip:carrier.example;transport=tls', '_sips._tcp.carrier.example'],
    ['sips:carrier.example', '_sips._tcp.carrier.example'],
  ])('of %s are asked for as %s', async (uri, name) => {
    expect((await find(uri, { [name]: [record('a', 1)] }))[0]).toContain('maddr=203.0.114.1');
  });

  test('are not asked for where a port is given', async () => {
    const records = { '_sip._udp.carrier.example': [record('a', 10)] };
    expect(await find('sip:carrier.example:5090', records)).toEqual([
      'sip:carrier.example:5090;maddr=203.0.114.9',
    ]);
  });

  test('of one priority take turns, the weightier coming first more often', async () => {
    const records = { '_sip._udp.carrier.example': [record('a', 10, 90), record('b', 10, 10)] };
    const random = seededRandom(3);
    const firsts = await Promise.all(
      Array.from({ length: 400 }, async () => (await find('sip:carrier.example', records, { random }))[0]),
    );
    const ofA = firsts.filter((place) => place === 'sip:carrier.example:5070;maddr=203.0.114.1').length;
    expect(ofA).toBeGreaterThan(330);
    expect(ofA).toBeLessThan(390);
  });

  test('are all the others when one of them is unknown', async () => {
    const records = { '_sip._udp.carrier.example': [record('gone', 1), record('a', 2)] };
    expect(await find('sip:carrier.example', records)).toHaveLength(1);
    await expect(find('sip:gone.example')).rejects.toThrow('gone.example is unknown');
  });

  test('are none of private networks', async () => {
    expect(await find('sip:inside.example')).toEqual(['sip:inside.example;maddr=203.0.114.4']);
    await expect(find('sip:127.0.0.1')).rejects.toMatchObject({ code: 'address_not_allowed' });
    await expect(find('sip:carrier.example;maddr=10.0.0.1')).rejects.toMatchObject({
      code: 'address_not_allowed',
    });
  });
});

describe("another's trunk", () => {
  test('is not called before it is known where it is', async () => {
    const known = Promise.withResolvers<void>();
    let addresses: string[] = [];
    const located = {
      resolve: async () => [],
      services: async () => [],
      random: seededRandom(1),
      allowPrivate: true,
      trunksKnown: () => known.promise,
      isForeignTrunk: ({ address }: { address: string }) => addresses.includes(address),
    };
    const way = { destination: 'sip:+1900@203.0.114.9', guarded: true, straightFor: 'cust_1' };
    const found = locator(located)(way);
    addresses = ['203.0.114.9'];
    known.resolve();
    await expect(found).rejects.toMatchObject({ code: 'address_not_allowed' });
  });

  const carrier = (text: string) => {
    const destination = `sip:+1900@${text}`;
    const isForeignTrunk: Located['isForeignTrunk'] = ({ name, address }) =>
      name === 'carrier.example' || address === '203.0.114.9';
    const located = {
      resolve: async (host: string) => HOSTS[host] ?? Promise.reject(new Error(`${host} is unknown`)),
      services: async () => [],
      random: seededRandom(1),
      allowPrivate: true,
      isForeignTrunk,
    };
    return locator(located)({ destination, guarded: true, straightFor: 'cust_1' });
  };

  test.each([
    '203.0.114.9',
    '[::ffff:203.0.114.9];transport=tcp',
    '[::FFFF:cb00:7209]:5060',
    '[0:0:0:0:0:ffff:203.0.114.9]',
    'bob.example;maddr=203.0.114.9',
    'bob.example;maddr=[::ffff:203.0.114.9]',
    'bob.example;maddr=::ffff:cb00:7209',
    'carrier.example',
    'CARRIER.example.',
    'bob.example;maddr=Carrier.Example',
  ])('is not reached as %s', async (text) => {
    await expect(carrier(text)).rejects.toMatchObject({ code: 'address_not_allowed' });
  });
});
