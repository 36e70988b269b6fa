import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import type { ChargeRecord } from '../../billing/index.ts';
import { seededRandom } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { openSqliteStorage } from '../index.ts';
import { growth } from '../migrations/0014-growth.ts';
import { aCall } from '../testing/records.ts';
import { kyselyOver } from './database.ts';

const HOUR = 3_600_000;
const folder = mkdtempSync(join(tmpdir(), 'minivoice-sums-'));
afterAll(() => rmSync(folder, { recursive: true }));

const random = seededRandom(5);
const upTo = (n: number) => Math.floor(random.float() * n);
const oneOf = <T>(values: readonly T[]): T => values[upTo(values.length)]!;
const START = Date.UTC(2026, 4, 1);

/** Stores, changes, and erases calls and charges of three days at random. */
async function changeAtRandom(file: string): Promise<void> {
  // Charges of the current month do not expire.
  const clock = new VirtualClock(Date.UTC(2026, 5, 10));
  const storage = await openSqliteStorage({ file, clock, hasWebhook: () => false });
  const calls = Array.from({ length: 60 }, (_, n) =>
    aCall(`call_${n}`, { applicationId: oneOf(['app_1', 'app_2']), createdAt: START + upTo(5 * HOUR) }),
  );
  for (const call of calls) {
    await storage.commit({ call });
    const answeredAt = oneOf([null, call.createdAt + upTo(HOUR)]);
    await storage.commit({ call: { ...call, answeredAt, status: 'in_progress' } });
    const ended = { endedAt: call.createdAt + upTo(2 * HOUR), costAmount: oneOf([null, upTo(1e6)]) };
    if (upTo(9) > 0) await storage.commit({ call: { ...call, answeredAt, ...ended, status: 'completed' } });
    await storage.commit({ billing: { charges: [chargeOf(call.id, { status: 'reserved' })] } });
    const settledAt = START + upTo(72 * HOUR);
    const charge = chargeOf(call.id, { status: 'settled', amount: upTo(1e6), settledAt });
    if (upTo(3) > 0) await storage.commit({ billing: { charges: [charge] } });
  }
  for (const { id } of calls) if (upTo(4) === 0) await storage.eraseCall(id).catch(() => {});
  await storage.expire('charges', START + 24 * HOUR);
  await storage.close();
}

const chargeOf = (callId: string, changes: Partial<ChargeRecord>): ChargeRecord => ({
  ...{ legId: `leg of ${callId}`, callLegId: '', callId, customerId: oneOf(['cust_1', 'cust_2']) },
  ...{ applicationId: 'app_1', destination: '+49', prefix: '+49', currency: 'EUR', pricePerMinute: 1 },
  ...{ firstIncrement: 1, furtherIncrement: 1, status: 'reserved', reserved: 1, amount: 0 },
  ...{ billedSeconds: 0, createdAt: START, answeredAt: null, settledAt: null, ...changes },
});

function sumsIn(database: DatabaseSync) {
  const rows = (table: string) => database.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all();
  return { calls: rows('call_hours'), charges: rows('charge_days') };
}

test('the sums equal those of the stored rows after any change', async () => {
  const file = join(folder, 'random.db');
  await changeAtRandom(file);
  const database = new DatabaseSync(file);
  const kept = sumsIn(database);
  expect(kept.calls.length).toBeGreaterThan(5);
  expect(kept.charges.length).toBeGreaterThan(2);
  // The migration fills the tables from the rows.
  await growth.up(kyselyOver(database));
  expect(kept).toEqual(sumsIn(database));
  database.close();
});

test.each(["'much'", '9223372036854775807', '-9223372036854775808', '1e300', "x'00'"])(
  'a damaged amount of %s is counted, not summed',
  async (amount) => {
    const file = join(folder, `damaged-${amount.length}-${amount.charCodeAt(1)}.db`);
    await changeAtRandom(file);
    const database = new DatabaseSync(file);
    database.exec(`UPDATE charges SET amount = ${amount} WHERE leg_id < 'leg of call_3';
      UPDATE calls SET cost_amount = ${amount} WHERE id < 'call_3'`);
    const kept = sumsIn(database);
    expect(kept.charges.some(({ inexact }) => Number(inexact) > 0)).toBe(true);
    await growth.up(kyselyOver(database));
    expect(kept).toEqual(sumsIn(database));
    database.close();
  },
);

test('the sums follow a repaired time of the answer, also in a database of an earlier version', async () => {
  const file = join(folder, 'repaired.db');
  await changeAtRandom(file);
  const database = new DatabaseSync(file);
  database.exec(`DROP TRIGGER call_changed;
    CREATE TRIGGER call_changed AFTER UPDATE OF ended_at ON calls BEGIN SELECT 1; END`);
  const again = await openSqliteStorage({ file, clock: new VirtualClock(), hasWebhook: () => false });
  await again.close();
  database.exec('UPDATE calls SET answered_at = created_at');
  const kept = sumsIn(database);
  await growth.up(kyselyOver(database));
  expect(kept).toEqual(sumsIn(database));
  database.close();
});

test.each(['1e300', '9223372036854775807', '9007199254740991'])(
  'a damaged cost of %s counts the same in a whole hour, in a part of one, and after an erasure',
  async (cost) => {
    const file = join(folder, `cost-${cost.length}.db`);
    const storage = await openSqliteStorage({ file, clock: new VirtualClock(), hasWebhook: () => false });
    const calls = Array.from({ length: 1_100 }, (_, n) =>
      aCall(`call_${n}`, { status: 'completed', createdAt: START, endedAt: START, costAmount: 3 }),
    );
    await Promise.all(calls.map((call) => storage.commit({ call })));
    const database = new DatabaseSync(file);
    database.exec(`UPDATE calls SET cost_amount = ${cost} WHERE id <> 'call_1'`);
    database.close();
    const ofPeriod = (from: number, to: number) => storage.usage({ applicationId: 'app_1', from, to });
    const inHour = await ofPeriod(START, START + HOUR);
    expect(await ofPeriod(START, START + HOUR - 1)).toEqual(inHour);
    for (const { id } of calls.slice(0, 5)) await storage.eraseCall(id);
    const day = 24 * HOUR;
    expect(await ofPeriod(START, START + day)).toEqual(inHour);
    await storage.close();
  },
);

test('usage adds whole hours to the calls before and after them', async () => {
  const storage = await openSqliteStorage({
    file: ':memory:',
    clock: new VirtualClock(),
    hasWebhook: () => false,
  });
  const times = Array.from({ length: 200 }, () => START + upTo(6 * HOUR));
  for (const [n, createdAt] of times.entries())
    await storage.commit({
      call: aCall(`call_${n}`, { createdAt, answeredAt: 0, endedAt: 2_000, costAmount: 3 }),
    });
  for (let n = 0; n < 100; n += 1) {
    const from = START + oneOf([0, HOUR, upTo(6 * HOUR)]);
    const to = from + oneOf([0, HOUR, 2 * HOUR, upTo(3 * HOUR)]);
    const calls = times.filter((time) => time >= from && time < to).length;
    const wanted = { calls, billsecSeconds: 2 * calls, cost: 3 * calls };
    expect(await storage.usage({ applicationId: 'app_1', from, to })).toEqual(wanted);
  }
  await storage.close();
});
