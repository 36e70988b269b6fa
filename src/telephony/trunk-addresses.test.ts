import { beforeEach, describe, expect, test } from 'vitest';
import { Ids, seededRandom } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { Directory, SecretBox } from '../directory/index.ts';
import { MemoryDirectoryStore } from '../directory/testing/memory-store.ts';
import type { CarrierTrunk } from './carriers.ts';
import { TrunkAddresses } from './trunk-addresses.ts';

const ADDRESS = '203.0.114.9';

let directory: Directory;
let trunks: TrunkAddresses;
let customerId: string;
/** The trunks whose proxy has the name of the host. */
let named: CarrierTrunk[];

beforeEach(async () => {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const secrets = new SecretBox(Buffer.alloc(32, 1), random);
  const store = new MemoryDirectoryStore();
  directory = await Directory.open(store, { clock, random, ids: new Ids(clock), secrets });
  named = [];
  trunks = new TrunkAddresses(directory.trunks, () => ({ at: () => [], candidates: () => named }));
  customerId = (await directory.createCustomer({ name: 'Acme' })).id;
});

describe('a host that a customer calls directly', () => {
  const host = { name: 'sip.example', address: ADDRESS };
  const isForeign = (customer = 'cust_other') => trunks.isForeign(host, customer);

  test.each([['203.0.114.0/24'], [ADDRESS]])(
    "is not foreign because of another customer's inbound_ip: %s",
    async (inboundIp) => {
      await directory.trunks.create({ name: 'T', proxy: '192.0.2.1', inboundIp, customerId });
      expect([isForeign(), isForeign(customerId)]).toEqual([false, false]);
    },
  );

  test.each([
    ['by its addresses', { proxy: '192.0.2.1', inboundIp: '203.0.114.0/24' }],
    ['by its proxy', { proxy: `${ADDRESS}:5070` }],
  ])(
    "is foreign if it belongs to a trunk of the operator, even if a customer's trunk has it too: %s",
    async (_, fields) => {
      await directory.trunks.create({ name: 'O', ...fields });
      await directory.trunks.create({ name: 'T', proxy: ADDRESS, customerId });
      expect([isForeign(), isForeign(customerId)]).toEqual([true, true]);
    },
  );

  test("is foreign to others when it is a customer's proxy, because that customer would be charged", async () => {
    await directory.trunks.create({ name: 'T', proxy: ADDRESS, customerId });
    expect([isForeign(), isForeign(customerId)]).toEqual([true, false]);
  });

  test('is foreign when a trunk has its name', () => {
    named = [{ customerId: null } as CarrierTrunk];
    expect(isForeign()).toBe(true);
  });
});
