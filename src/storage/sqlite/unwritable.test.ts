import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Log, silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { openSqliteStorage, type Storage } from '../index.ts';
import { aCall, anEvent } from '../testing/records.ts';

let folder: string;
let file: string;
const clock = new VirtualClock();
let storage: Storage;
let emitted: string[];
let logged: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'minivoice-unwritable-'));
  file = join(folder, 'minivoice.db');
  logged = [];
  emitted = [];
  const write = (fields: { kept?: number }, message: string) =>
    void logged.push(fields.kept === undefined ? message : `${message}: ${fields.kept}`);
  const log: Log = { ...silentLog, info: write, warn: write, error: write };
  storage = await openSqliteStorage({ file, clock, log, hasWebhook: () => true });
  storage.onCommitted.on((events) => emitted.push(...events.map(({ event }) => event)));
});

afterEach(async () => {
  await storage.close();
  rmSync(folder, { recursive: true });
});

/** Locks the database by another connection. @returns a function that unlocks it. */
function lockDatabase(): () => void {
  // A checkpoint of the storage may hold the lock for a while.
  const other = new DatabaseSync(file, { timeout: 60_000 });
  other.exec('BEGIN IMMEDIATE');
  return () => {
    other.exec('ROLLBACK');
    other.close();
  };
}

test('keeps changes in their order while nothing can be written, and emits events when they are written', async () => {
  const call = aCall(storage.ids.next('call'));
  await storage.commit({ call, events: [anEvent(call, 'call.created')] });
  const unlock = lockDatabase();
  await storage.commit({ call, events: [anEvent(call, 'call.answered')] });
  await storage.commit({ events: [anEvent(call, 'call.gathered')] });
  const written = storage.written().then(() => emitted.push('(written)'));
  await clock.advance(1000);
  expect(emitted).toEqual(['call.created']);
  expect(storage.waiting).toBe(3);
  await expect(storage.ping()).rejects.toThrow('the database cannot be written: database is locked');
  unlock();
  await clock.advance(1000);
  await written;
  expect(emitted).toEqual(['call.created', 'call.answered', 'call.gathered', '(written)']);
  const { data } = await storage.events({ callId: call.id }, { limit: 9 });
  expect(data.map(({ event, sequence }) => `${sequence} ${event}`)).toEqual([
    '1 call.created',
    '2 call.answered',
    '3 call.gathered',
  ]);
  await storage.ping();
  expect(logged).toEqual([
    'the database cannot be written: no new calls until it can',
    'the database can be written again: 3',
  ]);
});

test('rejects refusable changes while nothing can be written, and keeps nothing of them', async () => {
  const call = aCall(storage.ids.next('call'));
  const unlock = lockDatabase();
  const created = { call, events: [anEvent(call, 'call.created')], refusable: true };
  await expect(storage.commit(created)).rejects.toMatchObject({ code: 'overloaded' });
  await expect(storage.commit(created)).rejects.toMatchObject({ code: 'overloaded' });
  const keyed = { ...created, idempotencyKey: { key: 'k', requestHash: '' } };
  await expect(storage.commit(keyed)).rejects.toMatchObject({ code: 'overloaded' });
  unlock();
  // No write is waiting: the storage tests by itself whether it can write.
  await clock.advance(1000);
  expect(storage.trouble).toBeUndefined();
  expect(await storage.call(call.id)).toBeUndefined();
  await storage.commit(created);
  expect(emitted).toEqual(['call.created']);
});

test('closes without waiting while nothing can be written', async () => {
  const call = aCall(storage.ids.next('call'));
  await storage.commit({ call });
  const unlock = lockDatabase();
  await storage.commit({ call: { ...call, status: 'completed' } });
  const written = storage.written();
  await Promise.all([expect(written).rejects.toThrow('locked'), storage.close()]);
  expect(logged).toContain('a change that was kept could not be written');
  unlock();
  storage = await openSqliteStorage({ file, clock, hasWebhook: () => true });
  expect(await storage.openCalls()).toHaveLength(1);
});
