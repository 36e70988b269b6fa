import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../core/index.ts';
import type { ServiceRecord } from '../../net/index.ts';
import { parseUri } from '../message/index.ts';
import { locateServers, type NameLookup, withServerAddress } from './server-location.ts';

const HOSTS: Record<string, string[]> = {
  'carrier.example': ['203.0.114.9'],
  'a.carrier.example': ['203.0.114.1'],
  'b.carrier.example': ['203.0.114.2', '203.0.114.3'],
};

async function find(
  text: string,
  records: Record<string, ServiceRecord[]> = {},
  random: NameLookup['random'] = seededRandom(1),
): Promise<string[]> {
  const uri = parseUri(text);
  const servers = await locateServers(uri, {
    resolve: async (host) => HOSTS[host] ?? Promise.reject(new Error(`${host} is unknown`)),
    services: async (name) => records[name] ?? [],
    random,
  });
  return servers.map((server) => withServerAddress(uri, server));
}

const record = (name: string, priority: number, weight = 1): ServiceRecord => {
  return { name: `${name}.carrier.example`, port: 5070, priority, weight };
};

describe('the servers of a SIP URI', () => {
  test('are the addresses of its host', async () => {
    expect(await find('sip:carrier.example')).toEqual(['sip:carrier.example;maddr=203.0.114.9']);
    expect(await find('sip:203.0.114.7:5080')).toEqual(['sip:203.0.114.7:5080;maddr=203.0.114.7']);
  });

  test('come from SRV records by priority, and keep the host of the URI', async () => {
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
  ])('of %s are looked up as %s', async (uri, name) => {
    expect((await find(uri, { [name]: [record('a', 1)] }))[0]).toContain('maddr=203.0.114.1');
  });

  test('are not looked up by SRV if the URI has a port', async () => {
    const records = { '_sip._udp.carrier.example': [record('a', 10)] };
    expect(await find('sip:carrier.example:5090', records)).toEqual([
      'sip:carrier.example:5090;maddr=203.0.114.9',
    ]);
  });

  test('of equal priority are ordered randomly by weight', async () => {
    const records = { '_sip._udp.carrier.example': [record('a', 10, 90), record('b', 10, 10)] };
    const random = seededRandom(3);
    const firsts = await Promise.all(
      Array.from({ length: 400 }, async () => (await find('sip:carrier.example', records, random))[0]),
    );
    const ofA = firsts.filter((server) => server === 'sip:carrier.example:5070;maddr=203.0.114.1').length;
    expect(ofA).toBeGreaterThan(330);
    expect(ofA).toBeLessThan(390);
  });

  test('include all resolvable ones if another is unknown', async () => {
    const records = { '_sip._udp.carrier.example': [record('gone', 1), record('a', 2)] };
    expect(await find('sip:carrier.example', records)).toHaveLength(1);
    await expect(find('sip:gone.example')).rejects.toThrow('gone.example is unknown');
  });
});
