import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { Billing } from '../../billing/index.ts';
import { type Log, silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { openSqliteStorage, type Storage } from '../index.ts';
import { aCall, anEvent } from '../testing/records.ts';

const folder = mkdtempSync(join(tmpdir(), 'minivoice-damaged-'));
afterAll(() => rmSync(folder, { recursive: true }));
const clock = new VirtualClock();
let file: string;
let count = 0;
beforeEach(() => {
  file = join(folder, `${count++}.db`);
});

const open = (log: Log = silentLog) => openSqliteStorage({ file, clock, log, hasWebhook: () => true });

/** Changes the file behind the back of the program. */
function damage(sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

async function withCalls(calls: number): Promise<Storage> {
  const storage = await open();
  for (let n = 0; n < calls; n++) {
    const call = aCall(`call_${n}`, { createdAt: 1_780_056_000_000 + n, status: 'completed' });
    await storage.commit({ call, events: [anEvent(call)] });
  }
  await storage.close();
  return open();
}

const ids = async (storage: Storage, limit: number): Promise<string[]> => {
  const all: string[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < 20; pages++) {
    const page = await storage.calls({}, { limit, cursor });
    all.push(...page.data.map(({ id }) => id));
    if (page.nextCursor === null) return all;
    cursor = page.nextCursor;
  }
  throw new Error('the list has no end');
};

test('logs a damaged row once, with the columns and the reason, without their values', async () => {
  const lines: object[] = [];
  const first = await withCalls(2);
  damage(`UPDATE calls SET status = 'bogus', metadata = '{"pin": 4711' WHERE id = 'call_1'`);
  await first.close();
  const storage = await open({ ...silentLog, error: (fields) => lines.push(fields) });
  await expect(storage.call('call_1')).rejects.toMatchObject({ code: 'stored_row_unusable' });
  await expect(storage.call('call_1')).rejects.toMatchObject({ code: 'stored_row_unusable' });
  expect(lines).toEqual([{ table: 'calls', row: 'call_1', reason: 'metadata: is not valid JSON' }]);
  expect(storage.quarantined).toMatchObject([{ table: 'calls', id: 'call_1', foundAt: clock.now() }]);
  await storage.close();
});

test.each(["'garbage'", "x'00ff'", '9223372036854775807', '1e300', '-1'])(
  'lists every other call, page by page, among calls with created_at %s',
  async (createdAt) => {
    const storage = await withCalls(9);
    damage(`UPDATE calls SET created_at = ${createdAt} WHERE id IN ('call_2', 'call_3', 'call_4')`);
    for (const limit of [1, 2, 3, 5, 20])
      expect(await ids(storage, limit)).toEqual(['call_8', 'call_7', 'call_6', 'call_5', 'call_1', 'call_0']);
    await storage.close();
  },
);

test('uses a row again that was repaired in the file', async () => {
  const storage = await withCalls(1);
  damage(`UPDATE calls SET direction = 'sideways'`);
  await expect(storage.call('call_0')).rejects.toThrow('direction');
  damage(`UPDATE calls SET direction = 'inbound'`);
  expect(await storage.call('call_0')).toMatchObject({ direction: 'inbound' });
  expect(storage.quarantined).toEqual([]);
  await storage.close();
});

test('skips damaged events at the head of the pending events', async () => {
  const storage = await withCalls(9);
  damage(`UPDATE events SET call = '{' WHERE call_id IN ('call_0', 'call_1', 'call_2')`);
  await storage.pendingEvents(3, 1e6);
  const { events, more } = await storage.pendingEvents(3, 1e6);
  expect(events.map(({ callId }) => callId)).toEqual(['call_3', 'call_4', 'call_5']);
  expect(more).toBe(true);
  await storage.close();
});

test('skips a damaged job, and reports it again at the next start', async () => {
  const storage = await open();
  const job = (n: number) => ({
    recordingId: `rec_${n}`,
    callId: 'call_1',
    applicationId: 'app_1',
    createdAt: n,
  });
  await storage.commit({ insights: { enqueue: [job(1), job(2)] } });
  damage(`UPDATE insight_jobs SET created_at = 'soon' WHERE recording_id = 'rec_1'`);
  expect(await storage.claimJob(0, 100, 200)).toMatchObject({ recordingId: 'rec_2' });
  expect(await storage.claimJob(0, 100, 200)).toBeUndefined();
  expect(await storage.nextDue()).toBe(200);
  await storage.close();
  const next = await open();
  await next.releaseJobs(0, 300);
  expect(next.quarantined).toMatchObject([{ table: 'insight_jobs', id: 'rec_1' }]);
  expect(await next.claimJob(0, 300, 400)).toMatchObject({ recordingId: 'rec_2' });
  await next.close();
});

test('deletes rows in quarantine, and no others', async () => {
  const storage = await withCalls(2);
  damage(`UPDATE events SET data = 'x' WHERE call_id = 'call_0'`);
  const [event] = (await storage.events({ callId: 'call_1' }, { limit: 1 })).data;
  expect(await storage.discard('events', event!.id)).toBe(false);
  await storage.events({ callId: 'call_0' }, { limit: 1 });
  const { table, id } = storage.quarantined[0]!;
  expect(await storage.discard(table, id)).toBe(true);
  expect(await storage.discard(table, id)).toBe(false);
  expect(storage.quarantined).toEqual([]);
  expect(await storage.event(id)).toBeUndefined();
  await storage.close();
});

test('deletes a damaged pending BYE in quarantine', async () => {
  const storage = await open();
  await storage.keepPendingBye('leg_1', { method: 'BYE' });
  expect(await storage.pendingByes()).toEqual([]);
  expect(await storage.discard('pending_byes', 'leg_1')).toBe(true);
  await storage.pendingByes();
  expect(storage.quarantined).toEqual([]);
  await storage.close();
});

/** Stores the account and the rates of one customer. */
async function billed() {
  const storage = await open();
  const billing = await Billing.open({
    store: storage,
    journal: storage,
    ids: storage.ids,
    clock,
    log: silentLog,
  });
  await billing.adjust('cust_1', { amount: 5_000_000, currency: 'EUR', note: '' });
  const terms = { customerId: null, currency: 'EUR', firstIncrement: 60, furtherIncrement: 60 };
  await billing.setRate({ ...terms, prefix: '+1', pricePerMinute: 1 });
  await billing.setRate({ ...terms, prefix: '+1900', pricePerMinute: 2_000_000 });
  await storage.close();
}

const never = new AbortController().signal;

const openBilling = async () => {
  const storage = await open();
  const billing = await Billing.open({
    store: storage,
    journal: storage,
    ids: storage.ids,
    clock,
    log: silentLog,
  });
  const admit = (destination: string, customerId = 'cust_1') =>
    billing.admit({ destination, from: '', customerId, timeoutMs: 1, signal: never }, () => {});
  return { storage, billing, admit };
};

test.each(["billing = 'x'", "spend_limit = 'none'", "customer_id = x'00'", "spend_period = 'year'"])(
  'refuses calls of a customer with a damaged account: %s',
  async (change) => {
    await billed();
    damage(`UPDATE accounts SET ${change}`);
    const { storage, billing, admit } = await openBilling();
    expect(() => admit('+15550100000')).toThrow(expect.objectContaining({ code: 'stored_row_unusable' }));
    expect(admit('+15550100000', 'cust_2')).toBeUndefined();
    await billing.setLimits('cust_1', { spendPeriod: 'month' });
    expect(billing.balance('cust_1')).toMatchObject({ balance: 5_000_000, account: { billing: true } });
    expect(admit('+15550100000')).toBeDefined();
    await storage.close();
  },
);

test('does not replace a damaged rate by a cheaper one', async () => {
  await billed();
  damage(`UPDATE rates SET price_per_minute = 'dear' WHERE prefix = '+1900'`);
  const { storage, billing, admit } = await openBilling();
  expect(() => admit('+19005550100')).toThrow(expect.objectContaining({ code: 'stored_row_unusable' }));
  expect(admit('+15550100000')).toBeDefined();
  const terms = { customerId: null, currency: 'EUR', firstIncrement: 60, furtherIncrement: 60 };
  await billing.setRate({ ...terms, prefix: '+1900', pricePerMinute: 2_000_000 });
  expect(admit('+19005550100')).toBeDefined();
  await storage.close();
});

test.each(['9223372036854775807', "'much'", '1e300'])(
  'leaves an amount of %s out of the balance',
  async (amount) => {
    await billed();
    damage(`INSERT INTO adjustments (id, customer_id, amount, currency, note, created_at)
    VALUES ('adj_9', 'cust_1', ${amount}, 'EUR', '', 1), ('adj_8', 'cust_1', ${amount}, 'EUR', '', 1)`);
    const { storage, billing } = await openBilling();
    expect(billing.balance('cust_1').balance).toBe(5_000_000);
    expect(storage.quarantined.map(({ id }) => id).toSorted()).toEqual(['adj_8', 'adj_9']);
    await storage.close();
  },
);

test('explains what to do when a damaged row has the name of a new row', async () => {
  const storage = await open();
  const did = { customerId: 'cust_1', applicationId: null, numberE164: '+15550100000', provider: 'local' };
  const rest = {
    status: 'active',
    routeMode: 'webhook',
    routingTarget: null,
    createdAt: 1,
    updatedAt: 1,
  } as const;
  await storage.saveDid({ id: 'did_1', ...did, ...rest });
  damage("UPDATE dids SET status = 'lost'");
  expect((await storage.load()).dids).toEqual([]);
  const saved = storage.saveDid({ id: 'did_2', ...did, ...rest });
  await expect(saved).rejects.toMatchObject({
    code: 'stored_row_unusable',
    message: expect.stringContaining('quarantine'),
  });
  expect(await storage.discard('dids', 'did_1')).toBe(true);
  await storage.saveDid({ id: 'did_2', ...did, ...rest });
  expect((await storage.load()).dids).toHaveLength(1);
  await storage.close();
});
