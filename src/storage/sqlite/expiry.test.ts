import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { Billing } from '../../billing/index.ts';
import { silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { openSqliteStorage } from '../index.ts';
import { migrate } from '../migrations/index.ts';
import { notePlans } from '../testing/plans.ts';
import { aCall } from '../testing/records.ts';
import { kyselyOver } from './database.ts';
import { Erasure, withinStep } from './erasure.ts';
import { Expiry } from './expiry.ts';
import { GroupCommit } from './group-commit.ts';
import { openSums } from './sums.ts';
import { openTranscriptIndex } from './transcript-index.ts';

const DAY = 86_400_000;

test('no deletion scans a whole table', async () => {
  const database = new DatabaseSync(':memory:');
  await migrate(kyselyOver(database));
  openSums(database);
  openTranscriptIndex(database, silentLog);
  const clock = new VirtualClock();
  const group = new GroupCommit(database, { clock, log: silentLog, gatherMs: 0 });
  const plans = notePlans(database);
  new Expiry(database, group, clock, new Erasure(database, group, clock));
  const used = plans();
  expect(used.length).toBeGreaterThan(40);
  // SQLite reports SCAN for `ORDER BY … LIMIT 1` over an index, which reads only one row.
  const scans = used.filter((plan) => plan.startsWith('SCAN') && !/^SCAN erasures USING/.test(plan));
  expect(scans).toEqual([]);
  expect(used.filter((plan) => /USE TEMP B-TREE FOR ORDER BY/.test(plan))).toEqual([]);
  database.close();
});

test('deletes large events a few at a time', () => {
  const event = (id: number) => ({ id, bytes: 500_000 });
  expect(withinStep([1, 2, 3, 4, 5, 6].map(event)).map(({ id }) => id)).toEqual([1, 2, 3, 4]);
  expect(withinStep([{ bytes: 5_000_000 }, { bytes: 1 }])).toHaveLength(1);
  expect(withinStep([{ bytes: null }, { bytes: 1 }])).toHaveLength(2);
});

test('examines more rows than it deletes in one step', () => {
  const kept = { deletable: 0, bytes: 5_000_000 };
  const old = { deletable: 1, bytes: 1 };
  expect(withinStep([kept, old, kept, old, kept, old], 2)).toHaveLength(5);
  expect(withinStep([kept, kept, kept], 2)).toHaveLength(3);
});

test('deleting charges changes neither the balance nor the spending of a period', async () => {
  const clock = new VirtualClock(Date.UTC(2026, 4, 29));
  const storage = await openSqliteStorage({ file: ':memory:', clock, hasWebhook: () => true });
  const ports = { store: storage, journal: storage, ids: storage.ids, clock, log: silentLog };
  const billing = await Billing.open(ports);
  await billing.adjust('cust_1', { amount: 10_000_000, currency: 'EUR', note: '' });
  const call = aCall('call_1', { status: 'completed' });
  const open = aCall('call_2', { status: 'in_progress' });
  await storage.commit({ call });
  await storage.commit({ call: open });
  const charge = (legId: string, daysAgo: number, callId = call.id) => ({
    ...{
      legId,
      callLegId: 'leg',
      callId,
      customerId: 'cust_1',
      applicationId: 'app_1',
      destination: '+49301',
    },
    ...{ prefix: '+49', currency: 'EUR', pricePerMinute: 60, firstIncrement: 1, furtherIncrement: 1 },
    ...{ status: 'settled' as const, reserved: 1_000, amount: 1_000, billedSeconds: 1 },
    ...{ createdAt: 1, answeredAt: 1, settledAt: clock.now() - daysAgo * DAY },
  });
  const charges = [...Array(450).keys()].map((n) => charge(`old_${n}`, 60));
  await storage.commit({
    billing: { charges: [...charges, charge('young', 1), charge('live', 60, open.id)] },
  });
  await storage.commit({ billing: { charges: [{ ...charge('free', 60), status: 'released', amount: 0 }] } });
  for (const spendPeriod of ['day', 'month', 'total'] as const) {
    await billing.setLimits('cust_1', { spendPeriod });
    const before = (await Billing.open(ports)).balance('cust_1');
    let deleted = 0;
    for (let from: unknown, more = true; more; more = from !== undefined) {
      const some = await storage.expire('charges', clock.now() - DAY / 2, from);
      deleted += some.deleted;
      from = some.next;
    }
    expect(deleted).toBe(spendPeriod === 'day' ? 451 : 0);
    expect((await Billing.open(ports)).balance('cust_1')).toEqual(before);
    expect(before.balance).toBe(10_000_000 - 452_000);
  }
  await storage.close();
});
