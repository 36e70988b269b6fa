import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Account, ChargeRecord } from '../billing/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import type { Storage, StorageOptions } from './storage.ts';
import { aCall } from './testing/records.ts';

const DAY = 86_400_000;

/**
 * Tests of billing that every `Storage` must pass.
 * @param open opens the same database each time; the suite closes what it opens.
 */
export function billingConformance(open: (options: StorageOptions) => Promise<Storage>): void {
  let storage: Storage;
  const clock = new VirtualClock();
  const options = { clock, hasWebhook: () => true };
  beforeAll(async () => {
    storage = await open(options);
  });
  afterAll(() => storage.close());

  const now = clock.now();
  const today = now - (now % DAY);
  const begins = { day: today - DAY, month: today - 30 * DAY };
  const load = async (customerId: string) => {
    const { accounts, sums, charges } = await storage.loadBilling(begins);
    return {
      account: accounts.find((account) => account.customerId === customerId),
      sums: sums.find((sum) => sum.customerId === customerId),
      charges: charges.filter((charge) => charge.customerId === customerId),
    };
  };
  const anAccount = (customerId: string): Account => ({
    customerId,
    currency: 'EUR',
    billing: true,
    spendLimit: null,
    spendPeriod: 'month',
    callsPerSecond: 3,
    concurrentCalls: null,
    updatedAt: now,
  });
  const aCharge = (customerId: string, legId: string, changes: Partial<ChargeRecord> = {}): ChargeRecord => ({
    legId,
    callLegId: legId,
    callId: `call of ${legId}`,
    customerId,
    applicationId: 'app_1',
    destination: '+4930123',
    prefix: '+49',
    currency: 'EUR',
    pricePerMinute: 600_000,
    firstIncrement: 30,
    furtherIncrement: 6,
    status: 'reserved',
    reserved: 300_000,
    amount: 0,
    billedSeconds: 0,
    createdAt: now,
    answeredAt: null,
    settledAt: null,
    ...changes,
  });
  const settled = (amount: number, settledAt = now) => ({ status: 'settled' as const, amount, settledAt });

  describe('billing', () => {
    test('stores every field of an account, and replaces it by a later one', async () => {
      const account = anAccount('cust_fields');
      await storage.commit({ billing: { account } });
      expect((await load('cust_fields')).account).toEqual(account);
      const changed = { ...account, billing: false, spendLimit: 9_000_000_000_000_000, concurrentCalls: 1 };
      await storage.commit({ billing: { account: changed } });
      expect((await load('cust_fields')).account).toEqual(changed);
    });

    test('returns all adjustments minus all settled charges as balance, and spending by period', async () => {
      const customerId = 'cust_sums';
      const adjust = (amount: number) => {
        const adjustment = {
          id: storage.ids.next('adj'),
          customerId,
          amount,
          currency: 'EUR',
          note: '',
          createdAt: now,
        };
        return storage.commit({ billing: { account: anAccount(customerId), adjustment } });
      };
      await adjust(1000);
      await adjust(-100);
      const charges = [
        aCharge(customerId, 'today', settled(1)),
        aCharge(customerId, 'at the start of the day', settled(10, begins.day)),
        aCharge(customerId, 'this month', settled(100, begins.day - 1)),
        aCharge(customerId, 'long ago', settled(200, begins.month - 1)),
        aCharge(customerId, 'open'),
      ];
      await storage.commit({ billing: { charges } });
      expect((await load(customerId)).sums).toEqual({
        customerId,
        balance: 900 - 311,
        spent: { day: 11, month: 111, total: 311 },
      });
    });

    test('settles a charge once, even if it is saved again', async () => {
      const customerId = 'cust_once';
      const save = (changes: Partial<ChargeRecord>) =>
        storage.commit({ billing: { charges: [aCharge(customerId, 'leg of cust_once', changes)] } });
      await save({});
      await save({ reserved: 600_000, answeredAt: now });
      const [open] = (await load(customerId)).charges;
      expect(open).toMatchObject({ reserved: 600_000, answeredAt: now, status: 'reserved' });
      await save(settled(400_000));
      await save(settled(500_000));
      await save({});
      const after = await load(customerId);
      expect(after.sums?.spent.total).toBe(400_000);
      expect(after.charges).toEqual([]);
    });

    test('writes a charge together with its call, or neither of them', async () => {
      const customerId = 'cust_together';
      const call = aCall(storage.ids.next('call'), { status: 'in_progress' });
      const charge = aCharge(customerId, 'leg of cust_together', { callId: call.id, ...settled(5) });
      const unknownCall = { ...call, id: 'call_nobody' };
      const impossible = [{ event: 'call.answered', at: now, call: unknownCall, data: {} }];
      await expect(storage.commit({ events: impossible, billing: { charges: [charge] } })).rejects.toThrow();
      expect((await load(customerId)).sums).toBeUndefined();
      await storage.commit({ call, billing: { charges: [charge] } });
      // Settled charges of open calls are loaded too, because the call reports their sum when it ends.
      expect((await load(customerId)).charges).toEqual([charge]);
    });

    test('keeps rates across a restart, until they are deleted', async () => {
      const terms = { pricePerMinute: 19_000, firstIncrement: 60, furtherIncrement: 1 };
      const rate = {
        id: storage.ids.next('rate'),
        customerId: null,
        prefix: '+49',
        currency: 'EUR',
        createdAt: now,
        ...terms,
      };
      await storage.saveRate(rate);
      await storage.saveRate({ ...rate, pricePerMinute: 20_000 });
      await storage.close();
      storage = await open(options);
      const find = async () => (await storage.loadBilling(begins)).rates.filter(({ id }) => id === rate.id);
      expect(await find()).toEqual([{ ...rate, pricePerMinute: 20_000 }]);
      expect(storage.ids.next('rate') > rate.id).toBe(true);
      await storage.deleteRate(rate.id);
      expect(await find()).toEqual([]);
    });
  });
}
