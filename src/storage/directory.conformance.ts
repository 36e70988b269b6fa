import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import type { Storage, StorageOptions } from './storage.ts';

/**
 * Tests of directory rows across a restart that every `Storage` must pass.
 * @param open opens the same database each time; the suite closes what it opens.
 */
export function directoryRowsConformance(open: (options: StorageOptions) => Promise<Storage>): void {
  let storage: Storage;
  const options = { clock: new VirtualClock(), hasWebhook: () => true };
  const reopen = async () => {
    await storage.close();
    storage = await open(options);
  };
  beforeAll(async () => {
    storage = await open(options);
  });
  afterAll(() => storage.close());

  describe('the directory', () => {
    const times = { createdAt: 1, updatedAt: 2 };
    const application = (id: string, customerId: string) => ({
      ...{ id, customerId, name: 'Shop', answerUrl: 'https://example.test/', answerMethod: 'POST' as const },
      ...{ fallbackAnswerUrl: null, webhookUrl: null, webhookSecrets: ['one', 'two'], faultMessage: null },
      ...{ voice: null, language: 'en', aiEnabled: true, recordCalls: false, aiEvents: true, ...times },
      ...{ scorecard: null, ai: null },
    });
    const number = (id: string, customerId: string, applicationId: string | null) => ({
      ...{ id, customerId, applicationId, numberE164: `+1${id.slice(-12)}`, provider: '' },
      ...{ status: 'active' as const, routeMode: 'webhook' as const, routingTarget: null, ...times },
    });

    test('returns the latest state of each saved row', async () => {
      const customer = { id: storage.ids.next('cust'), name: 'Acme', createdAt: 1 };
      const app = application(storage.ids.next('app'), customer.id);
      const key = {
        ...{ id: storage.ids.next('key'), applicationId: app.id, sha256: app.id, hint: 'mv_live_ab12' },
        ...{ createdAt: 1, expiresAt: null },
      };
      const trunk = {
        ...{ id: storage.ids.next('trunk'), customerId: null, name: 'Carrier', proxy: 'sip.example.test' },
        ...{ username: 'u', password: 'p', realm: null, fromDomain: null, inboundIp: '192.0.2.0/24' },
        ...{
          isActive: true,
          gatewayName: app.id,
          transport: 'udp' as const,
          register: false,
          srtp: true,
          country: 'DE',
          callerIds: 'owned' as const,
          forwardCallerId: false,
          ...times,
        },
      };
      const phone = {
        ...{ id: storage.ids.next('phone'), customerId: customer.id, username: 'anna' },
        ...{ ha1: 'a', createdAt: 1 },
      };
      const did = number(storage.ids.next('did'), customer.id, app.id);
      await storage.saveCustomer(customer);
      await storage.saveApplication(app);
      await storage.saveKey(key);
      await storage.saveTrunk(trunk);
      await storage.savePhone(phone);
      await storage.saveDid(did);
      await storage.saveApplication({ ...app, name: 'Shop 2' });
      await storage.saveKey({ ...key, expiresAt: 9 });
      await reopen();
      const rows = await storage.load();
      expect(rows.customers).toContainEqual(customer);
      expect(rows.applications).toContainEqual({ ...app, name: 'Shop 2' });
      expect(rows.keys).toContainEqual({ ...key, expiresAt: 9 });
      expect(rows.trunks).toContainEqual(trunk);
      expect(rows.phones).toContainEqual(phone);
      expect(rows.dids).toContainEqual(did);
      await storage.deletePhone(phone.id);
      expect((await storage.load()).phones).not.toContainEqual(phone);
    });

    test('deletes an application with its keys, and unassigns its numbers', async () => {
      const app = application(storage.ids.next('app'), 'cust_1');
      const key = { id: storage.ids.next('key'), applicationId: app.id, sha256: app.id, hint: '' };
      const did = number(storage.ids.next('did'), 'cust_1', app.id);
      await storage.saveApplication(app);
      await storage.saveKey({ ...key, createdAt: 1, expiresAt: null });
      await storage.saveDid(did);
      await storage.deleteApplication(app.id);
      const rows = await storage.load();
      expect(rows.applications.map(({ id }) => id)).not.toContain(app.id);
      expect(rows.keys.map(({ id }) => id)).not.toContain(key.id);
      expect(rows.dids).toContainEqual({ ...did, applicationId: null });
      await storage.deleteDid(did.id);
      expect((await storage.load()).dids.map(({ id }) => id)).not.toContain(did.id);
    });
  });
}
