import { describe, expect, test } from 'vitest';
import { seededRandom } from '../core/index.ts';
import { type RouteLocatorDeps, routeLocator } from './route-locator.ts';

const HOSTS: Record<string, string[]> = {
  'carrier.example': ['203.0.114.9'],
  'inside.example': ['10.0.0.1', '203.0.114.4'],
};

const resolve = async (host: string) => HOSTS[host] ?? Promise.reject(new Error(`${host} is unknown`));
const services = async () => [];

describe('a host given by a customer', () => {
  const find = (destination: string) =>
    routeLocator({ resolve, services, random: seededRandom(1), allowPrivate: false })({
      destination,
      mustBePublic: true,
    });

  test('is not called at a private address', async () => {
    expect(await find('sip:inside.example')).toEqual(['sip:inside.example;maddr=203.0.114.4']);
    await expect(find('sip:127.0.0.1')).rejects.toMatchObject({ code: 'address_not_allowed' });
    await expect(find('sip:carrier.example;maddr=10.0.0.1')).rejects.toMatchObject({
      code: 'address_not_allowed',
    });
  });
});

describe("another customer's trunk", () => {
  test('is not called before the addresses of the trunks are known', async () => {
    const known = Promise.withResolvers<void>();
    let addresses: string[] = [];
    const deps = {
      resolve: async () => [],
      services,
      random: seededRandom(1),
      allowPrivate: true,
      trunksKnown: () => known.promise,
      isForeignTrunk: ({ address }: { address: string }) => addresses.includes(address),
    };
    const route = { destination: 'sip:+1900@203.0.114.9', mustBePublic: true, directFor: 'cust_1' };
    const found = routeLocator(deps)(route);
    addresses = ['203.0.114.9'];
    known.resolve();
    await expect(found).rejects.toMatchObject({ code: 'address_not_allowed' });
  });

  const callCarrier = (host: string) => {
    const destination = `sip:+1900@${host}`;
    const isForeignTrunk: RouteLocatorDeps['isForeignTrunk'] = ({ name, address }) =>
      name === 'carrier.example' || address === '203.0.114.9';
    const deps = { resolve, services, random: seededRandom(1), allowPrivate: true, isForeignTrunk };
    return routeLocator(deps)({ destination, mustBePublic: true, directFor: 'cust_1' });
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
  ])('is not called directly as %s', async (host) => {
    await expect(callCarrier(host)).rejects.toMatchObject({ code: 'address_not_allowed' });
  });
});
