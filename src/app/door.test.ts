import { beforeEach, describe, expect, test } from 'vitest';
import { Ids, seededRandom, silentLog } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { Directory, SecretBox } from '../directory/index.ts';
import { MemoryDirectoryStore } from '../directory/testing/memory-store.ts';
import type { Hop, SipRequest } from '../sip/index.ts';
import type { Carriers, Registrar } from '../telephony/index.ts';
import { type Door, watchDoor } from './door.ts';

const STRANGER = '203.0.114.9';
const PHONE = '203.0.114.50';
/** Asks for the customer's number. */
const OURS = 'sip:+15550100000@us';

let door: Door;
let directory: Directory;
let store: MemoryDirectoryStore;
let customerId: string;
/** The trunks whose proxy has the name of the place. */
let named: { customerId: string | null }[];

/** A new process on the same store. */
async function restart(): Promise<void> {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const secrets = new SecretBox(Buffer.alloc(32, 1), random);
  directory = await Directory.open(store, { clock, random, ids: new Ids(clock), secrets });
  door = watchDoor({
    ...{ directory, clock, log: silentLog },
    registrar: { isAt: (address: string) => address === PHONE } as unknown as Registrar,
    carriers: () => ({ at: () => [], maybe: () => named }) as unknown as Carriers,
    isTrusted: () => false,
    reachesNumber: ({ uri }, trunks) =>
      uri === OURS && trunks.some((trunk) => trunk.customerId === customerId),
  });
}

beforeEach(async () => {
  store = new MemoryDirectoryStore();
  named = [];
  await restart();
  customerId = (await directory.createCustomer({ name: 'Acme' })).id;
});

const from = (address: string): Hop => ({ transport: 'udp', address, port: 5060 });
const knock = (address: string, method = 'INVITE', uri = 'sip:+4930@us') =>
  door.gate({ method, uri } as SipRequest, from(address));
const refuse = (address: string, times = 10) => {
  for (let n = 0; n < times; n++) door.refused(from(address), 'refused');
};

describe('a stranger', () => {
  test('may try to call and to register, and nothing else', () => {
    const answers = ['INVITE', 'REGISTER', 'OPTIONS', 'MESSAGE', 'SUBSCRIBE'].map((it) =>
      knock(STRANGER, it),
    );
    const no = { status: 403, why: 'SIP from this address is refused' };
    expect(answers).toEqual([undefined, undefined, no, no, no]);
  });

  test('may keep a NAT open until it registers, but not for ever', () => {
    for (let n = 0; n < 50; n++)
      expect(knock(STRANGER, 'NOTIFY')).toEqual({ status: 403, why: 'SIP from this address is refused' });
    expect(knock(STRANGER, 'NOTIFY')).toBe('silence');
  });

  test('is not answered any more after ten refusals, whatever he asks', () => {
    refuse(STRANGER);
    expect([knock(STRANGER, 'OPTIONS'), knock(STRANGER)]).toEqual(['silence', 'silence']);
    expect(door.counts).toEqual({ silenced: 1, ignored: 2 });
  });
});

describe('what is done in the name of', () => {
  test('a registered phone does not silence it', () => {
    refuse(PHONE);
    expect(knock(PHONE)).toBeUndefined();
  });

  test("the operator's trunk does not block it", async () => {
    await directory.trunks.create({ name: 'T', proxy: '192.0.2.1', inboundIp: '203.0.0.0/16' });
    refuse(STRANGER);
    expect(knock(STRANGER)).toBeUndefined();
    expect(door.trunkOwners(STRANGER)).toEqual([null]);
  });
});

describe("a customer's trunk", () => {
  const claim = (inboundIp: string) =>
    directory.trunks.create({ name: 'T', proxy: '192.0.2.1', inboundIp, customerId });

  test.each([['203.0.114.0/24'], [STRANGER]])(
    'does not keep scanners from being blocked: %s',
    async (inboundIp) => {
      await claim(inboundIp);
      refuse(STRANGER);
      expect([knock(STRANGER), knock(STRANGER, 'REGISTER')]).toEqual(['silence', 'silence']);
      expect(door.counts).toEqual({ silenced: 1, ignored: 2 });
      expect(door.isKnown(STRANGER)).toBe(false);
    },
  );

  test("is heard all the same where it calls the customer's own numbers", async () => {
    await claim('203.0.114.0/24');
    refuse(STRANGER);
    expect(knock(STRANGER, 'INVITE', OURS)).toBeUndefined();
    expect(knock(STRANGER, 'OPTIONS')).toBeUndefined();
    expect(door.trunkOwners(STRANGER)).toEqual([customerId]);
  });

  test.each(['0.0.0.0/0', '203.0.0.0/16', '203.0.114.0/23', '::ffff:0:0/96', '::/0'])(
    'from before there was a rule that is too wide matches nothing, and is named: %s',
    async (inboundIp) => {
      const { id } = await claim(STRANGER);
      store.rows.trunks[0]!.inboundIp = inboundIp;
      await restart();
      expect(directory.trunks.get(id)?.inboundIp).toBe(inboundIp);
      expect(door.trunkOwners(STRANGER)).toEqual([]);
      refuse(STRANGER);
      expect(knock(STRANGER, 'INVITE', OURS)).toBe('silence');
      expect([...directory.trunks.problems()]).toMatchObject([{ trunk: { id } }]);
    },
  );

  test("has nothing to say where the operator's trunk is", async () => {
    const { id } = await claim('203.0.114.0/24');
    await directory.trunks.create({ name: 'O', proxy: '192.0.2.2', inboundIp: STRANGER });
    expect(door.trunkOwners(STRANGER)).toEqual([null]);
    expect(door.trunkOwners('203.0.114.10')).toEqual([customerId]);
    expect([...directory.trunks.problems()]).toMatchObject([{ trunk: { id } }]);
  });
});

describe('a place that a customer calls straight', () => {
  const place = { name: 'sip.example', address: STRANGER };
  const isForeign = (customer = 'cust_other') => door.isForeignTrunk(place, customer);

  test.each([['203.0.114.0/24'], [STRANGER]])(
    "is not closed by what another customer's trunk names: %s",
    async (inboundIp) => {
      await directory.trunks.create({ name: 'T', proxy: '192.0.2.1', inboundIp, customerId });
      expect([isForeign(), isForeign(customerId)]).toEqual([false, false]);
    },
  );

  test.each([
    ['by its addresses', { proxy: '192.0.2.1', inboundIp: '203.0.114.0/24' }],
    ['by its proxy', { proxy: `${STRANGER}:5070` }],
  ])("is closed when it is the operator's trunk, whoever else claims it: %s", async (_, fields) => {
    await directory.trunks.create({ name: 'O', ...fields });
    await directory.trunks.create({ name: 'T', proxy: STRANGER, customerId });
    expect([isForeign(), isForeign(customerId)]).toEqual([true, true]);
  });

  test("is closed to others when a customer's calls are sent there, for these would be paid by that customer", async () => {
    await directory.trunks.create({ name: 'T', proxy: STRANGER, customerId });
    expect([isForeign(), isForeign(customerId)]).toEqual([true, false]);
  });

  test('is closed when its name is that of a trunk', () => {
    named = [{ customerId: null }];
    expect(isForeign()).toBe(true);
  });
});
