import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { Ids, seededRandom } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { type Customer, Directory, SecretBox, seedDemo } from './index.ts';
import { MemoryDirectoryStore } from './testing/memory-store.ts';

let clock: VirtualClock;
let store: MemoryDirectoryStore;
let directory: Directory;
let customer: Customer;
let ids: Ids;

const open = () => {
  const random = seededRandom(7);
  return Directory.open(store, { clock, ids, random, secrets: new SecretBox(Buffer.alloc(32, 5), random) });
};
const createApplication = (name = 'Shop') =>
  directory.createApplication({ customerId: customer.id, name, answerUrl: 'https://example.test/' });

beforeEach(async () => {
  clock = new VirtualClock();
  ids = new Ids(clock);
  store = new MemoryDirectoryStore();
  directory = await open();
  customer = await directory.createCustomer({ name: 'Acme' });
});

describe('an API key', () => {
  test('authenticates its application, also after a restart, and is stored only as a hash', async () => {
    const { application, apiKey } = await createApplication();
    expect(apiKey).toMatch(/^mv_live_\w{32,}$/);
    expect(directory.authenticate(apiKey)).toEqual(application);
    expect(JSON.stringify(store.rows)).not.toContain(apiKey);
    expect(directory.keysOf(application.id)[0]?.hint).toBe(apiKey.slice(0, 12));
    directory = await open();
    expect(directory.authenticate(apiKey)).toEqual(application);
  });

  test('that was never created is rejected', async () => {
    const { apiKey } = await createApplication();
    expect(directory.authenticate(`${apiKey}0`)).toBeUndefined();
    expect(directory.authenticate('')).toBeUndefined();
  });

  test('that was rotated stays valid during the grace period', async () => {
    const { application, apiKey } = await createApplication();
    const next = await directory.rotateKey(application.id, { graceSeconds: 60 });
    await clock.advance(59_999);
    expect(directory.authenticate(apiKey)?.id).toBe(application.id);
    await clock.advance(1);
    expect(directory.authenticate(apiKey)).toBeUndefined();
    expect(directory.authenticate(next)?.id).toBe(application.id);
  });

  test('that was rotated without a grace period is rejected, and a later grace period does not revive it', async () => {
    const { application, apiKey } = await createApplication();
    await directory.rotateKey(application.id);
    await directory.rotateKey(application.id, { graceSeconds: 60 });
    expect(directory.authenticate(apiKey)).toBeUndefined();
    expect(await (await open()).authenticate(apiKey)).toBeUndefined();
  });
});

describe('limits per customer', () => {
  test('allow five valid keys at once, and delete expired keys', async () => {
    const { application, apiKey } = await createApplication();
    const keys = [apiKey];
    for (let n = 0; n < 9; n++) keys.push(await directory.rotateKey(application.id, { graceSeconds: 60 }));
    const valid = keys.map((key) => directory.authenticate(key) !== undefined);
    expect(valid).toEqual([false, false, false, false, false, true, true, true, true, true]);
    await clock.advance(60_000);
    await directory.rotateKey(application.id);
    expect(directory.keysOf(application.id)).toHaveLength(2);
    expect((await open()).keysOf(application.id)).toHaveLength(2);
  });

  test('allow a hundred trunks, and leave the operator unlimited', async () => {
    const { customerId } = (await createApplication()).application;
    const make = (name: string, owner?: string) =>
      directory.trunks.create({ name, proxy: '192.0.2.1', ...(owner ? { customerId: owner } : {}) });
    for (let n = 0; n < 100; n++) await make(`T${n}`, customerId);
    await expect(make('one more', customerId)).rejects.toMatchObject({ code: 'limit_reached' });
    await expect(make('mine')).resolves.toMatchObject({ customerId: null });
  });
});

describe('an application', () => {
  test('needs a name, and a customer that exists', async () => {
    await expect(createApplication('  ')).rejects.toMatchObject({ code: 'invalid_request' });
    const orphan = directory.createApplication({ customerId: 'cust_none', name: 'A', answerUrl: 'x' });
    await expect(orphan).rejects.toMatchObject({ code: 'customer_not_found' });
  });

  test('changes only the given fields', async () => {
    const { application } = await createApplication();
    await clock.advance(1000);
    const changed = await directory.updateApplication(application.id, { voice: 'kal', language: undefined });
    expect(changed).toEqual({ ...application, voice: 'kal', updatedAt: application.createdAt + 1000 });
    expect((await open()).application(application.id)).toEqual(changed);
    const unknown = directory.updateApplication('app_none', {});
    await expect(unknown).rejects.toMatchObject({ code: 'application_not_found' });
  });

  test('has its webhook secrets sealed in the store and plain in memory', async () => {
    const { application } = await createApplication();
    await directory.updateApplication(application.id, { webhookSecrets: ['whsec_new', 'whsec_old'] });
    expect(JSON.stringify(store.rows)).not.toContain('whsec');
    expect((await open()).application(application.id)?.webhookSecrets).toEqual(['whsec_new', 'whsec_old']);
  });

  test('that is deleted loses its keys and leaves its numbers unassigned', async () => {
    const { application, apiKey } = await createApplication();
    const number = { customerId: customer.id, applicationId: application.id, numberE164: '+15550100001' };
    const did = await directory.dids.create(number);
    await directory.deleteApplication(application.id);
    for (const one of [directory, await open()]) {
      expect(one.authenticate(apiKey)).toBeUndefined();
      expect(one.route('+15550100001')).toBeUndefined();
      expect(one.dids.get(did.id)?.applicationId).toBeNull();
    }
  });

  test('is not visible when it could not be stored', async () => {
    store.broken = true;
    await expect(createApplication()).rejects.toThrow('disk full');
    expect(directory.applicationsOf(customer.id)).toEqual([]);
  });

  test('is listed newest first, page by page, once', async () => {
    const made = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) made.push((await createApplication(name)).application.name);
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const page = directory.applications({ customerId: customer.id }, { limit: 2, cursor });
      names.push(...page.data.map((application) => application.name));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(names).toEqual(made.reverse());
    expect(() => directory.applications({}, { limit: 2, cursor: '!' })).toThrow('cursor');
  });
});

describe('a number', () => {
  const number = (numberE164: string, more = {}) =>
    directory.dids.create({ customerId: customer.id, numberE164, ...more });

  test('routes a call to its application, however the number is written', async () => {
    const { application } = await createApplication();
    const did = await number('+1 555 010-0001', { applicationId: application.id });
    for (const written of ['+15550100001', '15550100001', '0015550100001', '+1 (555) 010-0001']) {
      expect(directory.route(written)).toEqual({ did, application });
    }
    expect(directory.route('+15550100002')).toBeUndefined();
  });

  test('that is inactive routes no call', async () => {
    const { application } = await createApplication();
    const did = await number('+15550100001', { applicationId: application.id });
    await directory.dids.update(did.id, { status: 'inactive' });
    expect(directory.route('+15550100001')).toBeUndefined();
  });

  test('exists once, also when two requests create it at the same time', async () => {
    const results = await Promise.allSettled([number('+15550100001'), number('0015550100001')]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
    expect(results[1]).toMatchObject({ reason: { code: 'number_exists' } });
    const did = directory.dids.byNumber('+15550100001');
    await directory.dids.delete(did?.id as string);
    await number('+15550100001');
  });

  test('that changes is found under its new digits only', async () => {
    const did = await number('+15550100001');
    await directory.dids.update(did.id, { numberE164: '+15550100002' });
    expect(directory.dids.byNumber('+15550100001')).toBeUndefined();
    expect(directory.dids.byNumber('+15550100002')?.id).toBe(did.id);
  });

  test('is refused when it is not E.164, has no SIP target, or names the application of another customer', async () => {
    await expect(number('100')).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(number('+15550100001', { routeMode: 'sip' })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    const other = await directory.createCustomer({ name: 'Other' });
    const { application } = await createApplication();
    const theirs = { customerId: other.id, applicationId: application.id, numberE164: '+15550100001' };
    await expect(directory.dids.create(theirs)).rejects.toMatchObject({ code: 'application_not_found' });
    await expect(directory.dids.delete('did_none')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a trunk', () => {
  const trunk = (more = {}) =>
    directory.trunks.create({ name: 'Carrier', proxy: 'sip.example.test', ...more });

  test('is found by the smallest block around an address, else by its proxy', async () => {
    const wide = await trunk({ inboundIp: '192.0.2.0/24' });
    const narrow = await trunk({ inboundIp: '192.0.2.7' });
    const proxied = await trunk({ proxy: '198.51.100.9:5070' });
    const sixth = await trunk({ inboundIp: '2001:db8::/32' });
    expect(directory.trunks.from('192.0.2.8')).toEqual(wide);
    expect(directory.trunks.from('192.0.2.7')).toEqual(narrow);
    expect(directory.trunks.from('::ffff:192.0.2.7')).toEqual(narrow);
    expect(directory.trunks.from('198.51.100.9')).toEqual(proxied);
    expect(directory.trunks.from('2001:db8::1')).toEqual(sixth);
    expect(directory.trunks.from('203.0.113.1')).toBeUndefined();
    expect(directory.trunks.from('nonsense')).toBeUndefined();
    expect(directory.trunks.at('192.0.2.7')).toEqual([narrow, wide]);
  });

  test('that is inactive or deleted is not found by its address', async () => {
    const { id } = await trunk({ inboundIp: '192.0.2.7' });
    await directory.trunks.update(id, { isActive: false });
    expect(directory.trunks.from('192.0.2.7')).toBeUndefined();
    await directory.trunks.update(id, { isActive: true });
    expect(directory.trunks.from('192.0.2.7')?.id).toBe(id);
    await directory.trunks.delete(id);
    expect(directory.trunks.from('192.0.2.7')).toBeUndefined();
  });

  test('shares neither gateway name nor address with another trunk, but may keep its own', async () => {
    const first = await trunk({ gatewayName: 'gw', inboundIp: '192.0.2.7' });
    await expect(trunk({ gatewayName: 'gw' })).rejects.toMatchObject({ code: 'gateway_name_exists' });
    await expect(trunk({ inboundIp: '192.0.2.7' })).rejects.toMatchObject({ code: 'inbound_ip_exists' });
    await expect(trunk({ inboundIp: '192.0.2.7/99' })).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(trunk({ proxy: '' })).rejects.toMatchObject({ code: 'invalid_request' });
    const same = { gatewayName: 'gw', inboundIp: '192.0.2.7', name: 'New' };
    expect((await directory.trunks.update(first.id, same)).name).toBe('New');
  });

  describe('of a customer', () => {
    let acme: string;
    let other: string;
    beforeEach(async () => {
      acme = (await directory.createCustomer({ name: 'Acme' })).id;
      other = (await directory.createCustomer({ name: 'Other' })).id;
    });

    test.each([
      '0.0.0.0/0',
      '192.0.2.0/23',
      '::/0',
      '2001:db8::/63',
      '::ffff:0:0/96',
      '::ffff:192.0.2.0/119',
    ])('cannot name a block wider than /24 or /64: %s', async (inboundIp) => {
      await expect(trunk({ customerId: acme, inboundIp })).rejects.toMatchObject({ code: 'invalid_request' });
      expect((await trunk({ inboundIp })).inboundIp).toBe(inboundIp);
    });

    test.each(['192.0.2.0/24', '192.0.2.7', '2001:db8::/64', '::ffff:192.0.2.0/120'])(
      'can name a block of that size: %s',
      async (inboundIp) => {
        expect((await trunk({ customerId: acme, inboundIp })).inboundIp).toBe(inboundIp);
      },
    );

    test('takes neither name nor address from another customer or the operator', async () => {
      const mine = { gatewayName: 'gw', inboundIp: '192.0.2.0/24' };
      await trunk({ ...mine, customerId: acme });
      await trunk({ ...mine, customerId: other });
      expect(directory.trunks.at('192.0.2.7').map(({ customerId }) => customerId)).toEqual([acme, other]);
      const operators = await trunk({ gatewayName: 'gw', inboundIp: '192.0.2.7' });
      expect(directory.trunks.at('192.0.2.7')).toEqual([operators]);
      expect(directory.trunks.at('192.0.2.8').map(({ customerId }) => customerId)).toEqual([acme, other]);
    });

    test.each([
      ['the name', { gatewayName: 'gw' }, 'gateway_name_exists'],
      ['the address', { inboundIp: '192.0.2.7' }, 'inbound_ip_exists'],
      ['the address in another form', { inboundIp: '::ffff:192.0.2.7' }, 'inbound_ip_exists'],
      ['a block around the address', { inboundIp: '192.0.2.0/24' }, 'inbound_ip_exists'],
    ])('cannot claim what belongs to the operator: %s', async (_, fields, code) => {
      await trunk({ gatewayName: 'gw', inboundIp: '192.0.2.7' });
      await expect(trunk({ customerId: acme, ...fields })).rejects.toMatchObject({ code });
    });

    test('can name the same block once', async () => {
      await trunk({ customerId: acme, inboundIp: '192.0.2.7' });
      const again = trunk({ customerId: acme, inboundIp: '::ffff:192.0.2.7' });
      await expect(again).rejects.toMatchObject({ code: 'inbound_ip_exists' });
    });

    test('that is older than a rule can still be deactivated', async () => {
      const { id } = await trunk({ customerId: acme, inboundIp: '192.0.2.7' });
      store.rows.trunks[0]!.inboundIp = '0.0.0.0/0';
      const again = (await open()).trunks;
      expect((await again.update(id, { isActive: false })).isActive).toBe(false);
      expect((await again.update(id, { isActive: true, name: 'New' })).name).toBe('New');
      expect(again.at('192.0.2.7')).toEqual([]);
    });
  });

  test('has its password sealed in the store and plain in memory', async () => {
    const { id } = await trunk({ username: 'acme', password: 'correct horse' });
    expect(store.rows.trunks[0]?.password).not.toContain('horse');
    expect((await open()).trunks.get(id)?.password).toBe('correct horse');
  });

  test('carries calls for its customer before shared trunks do, and for no other customer', async () => {
    const shared = await trunk();
    const own = await trunk({ customerId: customer.id });
    await trunk({ customerId: (await directory.createCustomer({ name: 'Other' })).id });
    await trunk({ isActive: false });
    expect(directory.trunks.outbound(customer.id)).toEqual([own, shared]);
  });
});

describe('a new data folder', () => {
  test('gets a number that can be called at once, and only once', async () => {
    store = new MemoryDirectoryStore();
    directory = await open();
    const demo = await seedDemo(directory);
    const route = directory.route('+15550100000');
    expect(route?.application).toMatchObject({ answerUrl: 'builtin:demo', customerId: demo?.customer.id });
    expect(directory.authenticate(demo?.apiKey as string)).toEqual(route?.application);
    const before = structuredClone(store.rows);
    expect(await seedDemo(await open())).toBeUndefined();
    expect(store.rows).toEqual(before);
  });
});

describe('a phone', () => {
  test('has a unique username in any case, and a password that is stored only as a hash', async () => {
    const { id: customerId } = customer;
    const { phone, password } = await directory.phones.create({ customerId, username: 'Anna' });
    expect(directory.phones.byUsername('ANNA')).toEqual(phone);
    expect(phone.ha1).toBe(createHash('md5').update(`anna:minivoice:${password}`).digest('hex'));
    expect(JSON.stringify(store.rows)).not.toContain(password);
    expect(JSON.stringify(store.rows)).not.toContain(phone.ha1);
    await expect(directory.phones.create({ customerId, username: 'anna' })).rejects.toMatchObject({
      code: 'username_exists',
    });
    await directory.phones.delete(phone.id);
    expect(directory.phones.byUsername('anna')).toBeUndefined();
  });

  test('is read by the next process', async () => {
    const { id: customerId } = customer;
    const { phone } = await directory.phones.create({ customerId, username: 'anna' });
    expect((await open()).phones.get(phone.id)).toEqual(phone);
  });
});

describe('a caller ID', () => {
  test("may be one of the customer's numbers, or a number verified for the customer", async () => {
    const { application } = await createApplication();
    const { customerId } = application;
    const other = (await directory.createCustomer({ name: 'Other' })).id;
    const numbers = { applicationId: application.id, customerId };
    const did = await directory.dids.create({ ...numbers, numberE164: '+15550100000' });
    await directory.verifiedNumbers.create(customerId, '+4930111111');
    const shows = (number: string) => [customerId, other].map((id) => directory.mayShow(id, number));
    expect([shows('+15550100000'), shows('15550100000')]).toEqual([
      [true, false],
      [true, false],
    ]);
    expect(shows('+4930111111')).toEqual([true, false]);
    expect([shows('112'), shows('alice'), shows('')]).toEqual(Array(3).fill([false, false]));
    expect((await open()).mayShow(customerId, '+4930111111')).toBe(true);
    await directory.dids.delete(did.id);
    expect(shows('+15550100000')).toEqual([false, false]);
  });
});
