import { beforeEach, describe, expect, it } from 'vitest';
import type { ApiKey, Application, Did, DirectoryStore, Phone, Trunk, VerifiedNumber } from './store.ts';

const times = { createdAt: 1, updatedAt: 2 };
const customer = { id: 'cust_1', name: 'Acme', createdAt: 1 };
const application: Application = {
  ...{ id: 'app_1', customerId: 'cust_1', name: 'IVR', answerUrl: 'https://a.example', answerMethod: 'POST' },
  ...{ fallbackAnswerUrl: null, webhookUrl: null, webhookSecrets: ['s'], faultMessage: null, voice: null },
  ...{ language: null, aiEnabled: true, recordCalls: false, aiEvents: false, scorecard: null, ai: null },
  ...times,
};
const key: ApiKey = {
  ...{ id: 'key_1', applicationId: 'app_1', sha256: 'aa', hint: 'mv_live_a', createdAt: 1, expiresAt: null },
};
const did: Did = {
  ...{ id: 'did_1', customerId: 'cust_1', applicationId: 'app_1', numberE164: '+15550100001', provider: 'x' },
  ...{ status: 'active', routeMode: 'webhook', routingTarget: null, ...times },
};
const trunk: Trunk = {
  ...{ id: 'trunk_1', customerId: null, name: 'T', proxy: 'a.example', username: null, password: null },
  ...{ realm: null, fromDomain: null, inboundIp: null, isActive: true, gatewayName: 't', transport: 'udp' },
  ...{ register: false, srtp: false, country: null, callerIds: 'owned', forwardCallerId: false, ...times },
};
const phone: Phone = { id: 'phone_1', customerId: 'cust_1', username: 'desk', ha1: 'h', createdAt: 1 };
const verified: VerifiedNumber = {
  ...{ id: 'vnum_1', customerId: 'cust_1', numberE164: '+15550100009', createdAt: 1 },
};

/**
 * Tests that every `DirectoryStore` must pass, in a database or in memory.
 * @param open returns an empty store.
 */
export function directoryStoreConformance(open: () => Promise<DirectoryStore>): void {
  let store: DirectoryStore;
  beforeEach(async () => {
    store = await open();
    await store.saveCustomer(customer);
    await store.saveApplication(application);
  });

  it('returns rows as they were saved', async () => {
    await store.saveKey(key);
    await store.saveDid(did);
    await store.saveTrunk(trunk);
    await store.savePhone(phone);
    await store.saveVerifiedNumber(verified);
    expect(await store.load()).toEqual({
      ...{ customers: [customer], applications: [application], keys: [key], dids: [did] },
      ...{ trunks: [trunk], phones: [phone], verifiedNumbers: [verified] },
    });
  });

  it('stores a copy, and returns a copy', async () => {
    const mine = structuredClone(application);
    await store.saveApplication(mine);
    mine.webhookSecrets.push('later');
    (await store.load()).applications[0]!.name = 'changed';
    expect((await store.load()).applications).toEqual([application]);
  });

  it('replaces a row with the same id, and keeps rows that depend on it', async () => {
    await store.saveKey(key);
    await store.saveApplication({ ...application, name: 'Renamed' });
    const { applications, keys } = await store.load();
    expect(applications).toEqual([{ ...application, name: 'Renamed' }]);
    expect(keys).toEqual([key]);
  });

  it('deletes the keys of a deleted application, and unassigns its numbers', async () => {
    await store.saveKey(key);
    await store.saveDid(did);
    await store.deleteApplication('app_1');
    const { applications, keys, dids } = await store.load();
    expect([applications, keys]).toEqual([[], []]);
    expect(dids).toEqual([{ ...did, applicationId: null }]);
  });

  describe('refuses', () => {
    const refused = async (save: () => Promise<void>) => {
      const before = await store.load();
      await expect(save()).rejects.toThrow();
      expect(await store.load()).toEqual(before);
    };

    it('two rows with the same unique name', async () => {
      await store.saveKey(key);
      await store.saveDid(did);
      await store.savePhone(phone);
      await store.saveVerifiedNumber(verified);
      await refused(() => store.saveKey({ ...key, id: 'key_2' }));
      await refused(() => store.saveDid({ ...did, id: 'did_2' }));
      await refused(() => store.savePhone({ ...phone, id: 'phone_2' }));
      await refused(() => store.saveVerifiedNumber({ ...verified, id: 'vnum_2' }));
    });

    it('a key and a number of an application that does not exist', async () => {
      await refused(() => store.saveKey({ ...key, applicationId: 'app_2' }));
      await refused(() => store.saveDid({ ...did, applicationId: 'app_2' }));
    });

    it.each([null, undefined, Number.NaN])('%s where a value is required', async (nothing) => {
      const none = nothing as never;
      await refused(() => store.saveCustomer({ ...customer, id: 'cust_2', createdAt: none }));
      await refused(() => store.saveApplication({ ...application, id: 'app_2', updatedAt: none }));
      await refused(() => store.saveTrunk({ ...trunk, id: 'trunk_2', createdAt: none }));
    });

    it.each([null, undefined])('%s where a text is required', async (nothing) => {
      const none = nothing as never;
      await refused(() => store.saveCustomer({ ...customer, id: 'cust_2', name: none }));
      await refused(() => store.savePhone({ ...phone, id: 'phone_2', username: none }));
      await refused(() => store.saveTrunk({ ...trunk, id: 'trunk_2', gatewayName: none }));
    });
  });

  it('stores text as UTF-8: half a surrogate pair becomes U+FFFD', async () => {
    await store.saveCustomer({ ...customer, name: 'a\ud800b\u0000c' });
    expect((await store.load()).customers[0]!.name).toBe('a\ufffdb\u0000c');
  });
}
