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
let told: string[];
let logged: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'minivoice-unwritable-'));
  file = join(folder, 'minivoice.db');
  logged = [];
  told = [];
  const write = (fields: { kept?: number }, message: string) =>
    void logged.push(fields.kept === undefined ? message : `${message}: ${fields.kept}`);
  const log: Log = { ...silentLog, info: write, warn: write, error: write };
  storage = await openSqliteStorage({ file, clock, log, hasWebhook: () => true });
  storage.onCommitted.on((events) => told.push(...events.map(({ event }) => event)));
});

afterEach(async () => {
  await storage.close();
  rmSync(folder, { recursive: true });
});

/** Nothing can be written until this is called: somebody else is writing, and does not come to an end. */
function occupy(): () => void {
  // The storage may be in the middle of a checkpoint: the lock is waited for.
  const other = new DatabaseSync(file, { timeout: 60_000 });
  other.exec('BEGIN IMMEDIATE');
  return () => {
    other.exec('ROLLBACK');
    other.close();
  };
}

test('what happens to a call while nothing can be written is kept in its order, and told when it is written', async () => {
  const call = aCall(storage.ids.next('call'));
  await storage.commit({ call, events: [anEvent(call, 'call.created')] });
  const free = occupy();
  await storage.commit({ call, events: [anEvent(call, 'call.answered')] });
  await storage.commit({ events: [anEvent(call, 'call.gathered')] });
  const written = storage.written().then(() => told.push('(written)'));
  await clock.advance(1000);
  expect(told).toEqual(['call.created']);
  expect(storage.waiting).toBe(3);
  await expect(storage.ping()).rejects.toThrow('the database cannot be written: database is locked');
  free();
  await clock.advance(1000);
  await written;
  expect(told).toEqual(['call.created', 'call.answered', 'call.gathered', '(written)']);
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

test('what can be refused is refused while nothing can be written, and nothing of it is kept', async () => {
  const call = aCall(storage.ids.next('call'));
  const free = occupy();
  const created = { call, events: [anEvent(call, 'call.created')], refusable: true };
  await expect(storage.commit(created)).rejects.toMatchObject({ code: 'overloaded' });
  await expect(storage.commit(created)).rejects.toMatchObject({ code: 'overloaded' });
  const keyed = { ...created, repeatKey: { key: 'k', requestHash: '' } };
  await expect(storage.commit(keyed)).rejects.toMatchObject({ code: 'overloaded' });
  free();
  // Nothing waits that would show that it can be written: it is tried all the same.
  await clock.advance(1000);
  expect(storage.trouble).toBeUndefined();
  expect(await storage.call(call.id)).toBeUndefined();
  await storage.commit(created);
  expect(told).toEqual(['call.created']);
});

test('who closes while nothing can be written does not wait for it', async () => {
  const call = aCall(storage.ids.next('call'));
  await storage.commit({ call });
  const free = occupy();
  await storage.commit({ call: { ...call, status: 'completed' } });
  const written = storage.written();
  await Promise.all([expect(written).rejects.toThrow('locked'), storage.close()]);
  expect(logged).toContain('a change that was kept could not be written');
  free();
  storage = await openSqliteStorage({ file, clock, hasWebhook: () => true });
  expect(await storage.openCalls()).toHaveLength(1);
});
