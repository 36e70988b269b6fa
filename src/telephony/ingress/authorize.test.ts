import { beforeEach, describe, expect, test } from 'vitest';
import type { CallRoute } from '../../calls/index.ts';
import { Ids, seededRandom, silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { Directory, normalizeNumber, SecretBox, withPlus } from '../../directory/index.ts';
import { MemoryDirectoryStore } from '../../directory/testing/memory-store.ts';
import { createRequest, type Hop } from '../../sip/index.ts';
import { PhoneIdentity } from '../phone-identity.ts';
import { Registrar } from '../registrar.ts';
import { TrunkAddresses } from '../trunk-addresses.ts';
import { SipAccessControl } from './authorize.ts';
import { FailedLogins } from './failed-logins.ts';
import { Source } from './identify.ts';
import { SourceBlocker } from './source-blocker.ts';

const UNKNOWN = '203.0.114.9';
const PHONE = '203.0.114.50';
/** The customer's number. */
const OURS = 'sip:+15550100000@us';
const REFUSED = { status: 403, why: 'SIP from this address is refused' };

let access: SipAccessControl;
let blocker: SourceBlocker;
let directory: Directory;
let store: MemoryDirectoryStore;
let customerId: string;

/** Opens a new process on the same store. */
async function restart(): Promise<void> {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const secrets = new SecretBox(Buffer.alloc(32, 1), random);
  directory = await Directory.open(store, { clock, random, ids: new Ids(clock), secrets });
  blocker = new SourceBlocker(clock);
  const phones = new PhoneIdentity({ find: () => undefined, realm: 'x', clock, random });
  const route = (number: string) => (number === '+15550100000' ? ({ customerId } as CallRoute) : undefined);
  access = new SipAccessControl({
    ...{ phones, blocker, log: silentLog, numbers: { normalizeNumber, withPlus, route } },
    registrar: new Registrar(phones, clock),
    logins: new FailedLogins(phones, clock, silentLog),
  });
}

beforeEach(async () => {
  store = new MemoryDirectoryStore();
  await restart();
  customerId = (await directory.createCustomer({ name: 'Acme' })).id;
});

function sourceAt(address: string): Source {
  const trunks = new TrunkAddresses(directory.trunks, () => ({ at: () => [], candidates: () => [] }));
  const hop: Hop = { transport: 'udp', address, port: 5060 };
  return new Source(hop, {
    trunksAt: (address) => trunks.at(address),
    isPhoneAt: (address) => address === PHONE,
    isTrusted: () => false,
  });
}

const attempt = (address: string, method = 'INVITE', uri = 'sip:+4930@us') =>
  access.checkSource(createRequest({ method, uri, headers: [['To', `<${uri}>`]] }), sourceAt(address));
const refuse = (address: string, times = 10) => {
  for (let n = 0; n < times; n++) access.recordAttempt(sourceAt(address), 'rejected');
};

describe('an unknown source', () => {
  test('may send INVITE and REGISTER only', () => {
    const answers = ['INVITE', 'REGISTER', 'OPTIONS', 'MESSAGE', 'SUBSCRIBE'].map((it) =>
      attempt(UNKNOWN, it),
    );
    expect(answers).toEqual([undefined, undefined, REFUSED, REFUSED, REFUSED]);
  });

  test('gets 403 for keepalives until it is blocked', () => {
    for (let n = 0; n < 50; n++) expect(attempt(UNKNOWN, 'NOTIFY')).toEqual(REFUSED);
    expect(attempt(UNKNOWN, 'NOTIFY')).toBe('silence');
  });

  test('gets no response to any method after ten refusals', () => {
    refuse(UNKNOWN);
    expect([attempt(UNKNOWN, 'OPTIONS'), attempt(UNKNOWN)]).toEqual(['silence', 'silence']);
    expect(blocker.counts).toEqual({ blocked: 1, ignored: 2 });
  });
});

describe('a known source', () => {
  test('is not blocked where a phone is registered', () => {
    refuse(PHONE);
    expect(attempt(PHONE)).toBeUndefined();
  });

  test("is not blocked where the operator's trunk is", async () => {
    await directory.trunks.create({ name: 'T', proxy: '192.0.2.1', inboundIp: '203.0.0.0/16' });
    refuse(UNKNOWN);
    expect(attempt(UNKNOWN)).toBeUndefined();
    expect(sourceAt(UNKNOWN).trunkOwners).toEqual([null]);
  });
});

describe("a customer's trunk", () => {
  const claim = (inboundIp: string) =>
    directory.trunks.create({ name: 'T', proxy: '192.0.2.1', inboundIp, customerId });

  test.each([['203.0.114.0/24'], [UNKNOWN]])(
    'does not protect scanners from being blocked: %s',
    async (inboundIp) => {
      await claim(inboundIp);
      refuse(UNKNOWN);
      expect([attempt(UNKNOWN), attempt(UNKNOWN, 'REGISTER')]).toEqual(['silence', 'silence']);
      expect(blocker.counts).toEqual({ blocked: 1, ignored: 2 });
      expect(sourceAt(UNKNOWN).isKnown).toBe(false);
    },
  );

  test("may call the customer's own numbers even from a blocked address", async () => {
    await claim('203.0.114.0/24');
    refuse(UNKNOWN);
    expect(attempt(UNKNOWN, 'INVITE', OURS)).toBeUndefined();
    expect(attempt(UNKNOWN, 'OPTIONS')).toBeUndefined();
    expect(sourceAt(UNKNOWN).trunkOwners).toEqual([customerId]);
  });

  test.each(['0.0.0.0/0', '203.0.0.0/16', '203.0.114.0/23', '::ffff:0:0/96', '::/0'])(
    'that is older than the limit and too wide matches nothing, and is reported: %s',
    async (inboundIp) => {
      const { id } = await claim(UNKNOWN);
      store.rows.trunks[0]!.inboundIp = inboundIp;
      await restart();
      expect(directory.trunks.get(id)?.inboundIp).toBe(inboundIp);
      expect(sourceAt(UNKNOWN).trunkOwners).toEqual([]);
      refuse(UNKNOWN);
      expect(attempt(UNKNOWN, 'INVITE', OURS)).toBe('silence');
      expect([...directory.trunks.problems()]).toMatchObject([{ trunk: { id } }]);
    },
  );

  test("does not count at an address of the operator's trunk", async () => {
    const { id } = await claim('203.0.114.0/24');
    await directory.trunks.create({ name: 'O', proxy: '192.0.2.2', inboundIp: UNKNOWN });
    expect(sourceAt(UNKNOWN).trunkOwners).toEqual([null]);
    expect(sourceAt('203.0.114.10').trunkOwners).toEqual([customerId]);
    expect([...directory.trunks.problems()]).toMatchObject([{ trunk: { id } }]);
  });
});
