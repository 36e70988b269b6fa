import { beforeEach, describe, expect, test } from 'vitest';
import { Directory, SecretBox } from '../directory/index.ts';
import { MemoryDirectoryStore } from '../directory/testing/memory-store.ts';
import { Ids, seededRandom, silentLog, VirtualClock } from '../kit/index.ts';
import type { Carriers, Registrar } from '../lines/index.ts';
import type { Hop, SipRequest } from '../sip/index.ts';
import { type Door, watchDoor } from './door.ts';

const STRANGER = '203.0.114.9';
const PHONE = '203.0.114.50';

let door: Door;
let directory: Directory;
let customerId: string;

beforeEach(async () => {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const secrets = new SecretBox(Buffer.alloc(32, 1), random);
  directory = await Directory.open(new MemoryDirectoryStore(), {
    clock,
    random,
    ids: new Ids(clock),
    secrets,
  });
  customerId = (await directory.createCustomer({ name: 'Acme' })).id;
  door = watchDoor({
    ...{ directory, clock, log: silentLog },
    registrar: { isAt: (address: string) => address === PHONE } as unknown as Registrar,
    carriers: () => ({ at: () => [] }) as unknown as Carriers,
    isTrusted: () => false,
  });
});

const from = (address: string): Hop => ({ transport: 'udp', address, port: 5060 });
const knock = (address: string, method = 'INVITE') => door.gate({ method } as SipRequest, from(address));
const refuse = (address: string, times = 10) => {
  for (let n = 0; n < times; n++) door.refused(from(address), 'refused');
};

describe('a stranger', () => {
  test('may try to call and to register, and nothing else', () => {
    const answers = ['INVITE', 'REGISTER', 'OPTIONS', 'MESSAGE', 'SUBSCRIBE'].map((it) =>
      knock(STRANGER, it),
    );
    const no = { status: 403 };
    expect(answers).toEqual([undefined, undefined, no, no, no]);
  });

  test('may keep a NAT open until it registers, but not for ever', () => {
    for (let n = 0; n < 50; n++) expect(knock(STRANGER, 'NOTIFY')).toEqual({ status: 403 });
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

  test.each([
    ["the operator's trunk", null, '203.0.0.0/16', undefined],
    ["a customer's trunk", 'customer', '203.0.114.0/24', undefined],
    ['whom a customer says to have all the world for a trunk', 'customer', '0.0.0.0/0', 'silence'],
  ])('%s ends with the answer that it should', async (_whose, owner, inboundIp, answer) => {
    const whose = owner === null ? {} : { customerId };
    await directory.trunks.create({ name: 'T', proxy: '192.0.2.1', inboundIp, ...whose });
    refuse(STRANGER);
    expect(knock(STRANGER)).toBe(answer);
    expect(door.trunkOwners(STRANGER)).toEqual([owner === null ? null : customerId]);
  });
});
