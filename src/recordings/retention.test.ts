import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CallRecord } from '../calls/index.ts';
import { Ids, type Log, silentLog } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { aTranscript, someParts } from '../insights/testing/records.ts';
import { openSqliteStorage, type Storage } from '../storage/index.ts';
import { aCall, anAttempt, anEvent, aRecording } from '../storage/testing/records.ts';
import { RecordingFiles } from './files.ts';
import { Eraser, type KeptDays } from './retention.ts';
import type { RecordingRecord } from './store.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const FOREVER: KeptDays = { calls: 0, recordings: 0, events: 0, timelines: 0, charges: 0 };
let clock: VirtualClock;
let folder: string;
let files: RecordingFiles;
let store: Storage;
let eraser: Eraser;
let warnings: string[];

const opened = () => openSqliteStorage({ file: join(folder, 'db'), clock, hasWebhook: () => true });

beforeEach(async () => {
  clock = new VirtualClock();
  folder = mkdtempSync(join(tmpdir(), 'minivoice-retention-'));
  files = new RecordingFiles(join(folder, 'recordings'));
  store = await opened();
  warnings = [];
  const log: Log = { ...silentLog, warn: (fields) => warnings.push(JSON.stringify(fields)) };
  eraser = new Eraser({ store, files, clock, log });
});

afterEach(async () => {
  await eraser.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

/** Advances the clock until the work is done. */
async function done<T>(work: Promise<T>): Promise<T> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  const timers = clock.pending;
  work.then(over, over);
  // Advances only while the work waits for the clock, not while it waits for the disk.
  while (!isOver) await clock.advance(clock.pending > timers ? 20 : 0);
  return work;
}

interface Kept {
  call: CallRecord;
  recording: RecordingRecord;
}

/** Makes a call of `days` ago with all data that a call can have; its events are delivered. */
async function aCallOf(daysAgo: number, changes: Partial<CallRecord> = {}): Promise<Kept> {
  const at = clock.now() - daysAgo * DAY;
  const id = new Ids({ ...clock, now: () => at, monotonic: () => 0, after: () => ({ cancel() {} }) }).next(
    'call',
  );
  const call = aCall(id, {
    createdAt: at,
    answeredAt: at,
    endedAt: at + 61_000,
    status: 'completed',
    ...changes,
  });
  const file = await files.place(`rec_${id}`, at);
  writeFileSync(files.path(file), 'sound');
  const recording = aRecording(call, { file, status: 'completed', endedAt: at + 60_000 });
  const events = Array.from({ length: 30 }, () => ({ ...anEvent(call), at }));
  const timeline = Array.from({ length: 250 }, (_, n) => ({ callId: id, at, kind: 'action', data: { n } }));
  const idempotencyKey = { key: `key of ${id}`, requestHash: 'hash' };
  await store.commit({ call, recording, events, timeline, idempotencyKey });
  for (const event of (await store.events({ callId: id }, { limit: 200 })).data) {
    const settled = { ...event, state: 'delivered' as const, attempts: 1, nextAttemptAt: null };
    await store.saveAttempt(anAttempt(store.ids.next('dlv'), event.id), settled);
  }
  const of = { recordingId: recording.id, callId: id, applicationId: call.applicationId };
  await store.commit({ insights: { transcript: aTranscript(of, { fullText: `secretword${daysAgo}` }) } });
  for (const part of someParts(of)) await store.commit({ insights: { part } });
  await store.commit({ insights: { enqueue: [{ ...of, createdAt: at }] } });
  return { call, recording };
}

/** Number of rows of each table that has any. */
function rows(): Record<string, number> {
  const database = new DatabaseSync(join(folder, 'db'));
  const names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const counts = names
    .map(({ name }) => String(name))
    .filter((name) => !/^(kysely|sqlite|transcript_index)/.test(name))
    .map((name) => [name, database.prepare(`SELECT count(*) AS n FROM ${name}`).get()?.['n']] as const);
  database.close();
  return Object.fromEntries(counts.filter(([, n]) => n !== 0)) as Record<string, number>;
}

test('erases all rows, files, search entries and request keys of a call', async () => {
  const other = await aCallOf(2);
  const before = rows();
  const { call, recording } = await aCallOf(1);
  await done(eraser.eraseCall(call.id));
  expect(rows()).toEqual({ ...before, carried_usage: 1 });
  expect(existsSync(files.path(recording.file))).toBe(false);
  expect(existsSync(files.path(other.recording.file))).toBe(true);
  expect((await store.transcripts({ q: 'secretword1' }, { limit: 5 })).data).toEqual([]);
  expect((await store.transcripts({ q: 'secretword2' }, { limit: 5 })).data).toHaveLength(1);
  expect(await store.repeated('app_1', `key of ${call.id}`)).toBeUndefined();
  await expect(eraser.eraseCall(call.id)).rejects.toMatchObject({ code: 'call_not_found' });
});

test('keeps the charges of an erased call, without the numbers', async () => {
  const { call } = await aCallOf(1);
  const charge = {
    ...{ legId: 'leg_1', callLegId: 'leg_0', callId: call.id, customerId: 'cust_1', applicationId: 'app_1' },
    ...{ destination: '+4930123', prefix: '+49', currency: 'EUR', pricePerMinute: 60, firstIncrement: 1 },
    ...{ furtherIncrement: 1, status: 'settled' as const, reserved: 1_000, amount: 1_000, billedSeconds: 1 },
    ...{ createdAt: 1, answeredAt: 1, settledAt: 2 },
  };
  await store.commit({ billing: { charges: [charge] } });
  await done(eraser.eraseCall(call.id));
  const database = new DatabaseSync(join(folder, 'db'));
  const row = database.prepare('SELECT amount, destination, call_id, call_leg_id FROM charges').get();
  database.close();
  expect(row).toEqual({ amount: 1_000, destination: '', call_id: '', call_leg_id: '' });
});

test('ignores late writes for an erased call', async () => {
  const { call } = await aCallOf(1);
  const [event] = (await store.events({ callId: call.id }, { limit: 1 })).data;
  await done(eraser.eraseCall(call.id));
  const before = rows();
  await store.commit({ timeline: [{ callId: call.id, at: 1, kind: 'billing', data: {} }] });
  await store.saveAttempt(anAttempt(store.ids.next('dlv'), event!.id), { ...event!, attempts: 2 });
  await expect(store.commit({ events: [anEvent(call)] })).rejects.toThrow('there is no call');
  expect(rows()).toEqual(before);
});

test('refuses to erase a call that is active, is being recorded, or has pending events', async () => {
  const { call } = await aCallOf(1, { status: 'in_progress', endedAt: null });
  await expect(eraser.eraseCall(call.id)).rejects.toMatchObject({ code: 'call_active' });
  const recorded = await aCallOf(2);
  await store.commit({ recording: { ...recorded.recording, id: 'rec_open', status: 'started' } });
  await expect(eraser.eraseCall(recorded.call.id)).rejects.toMatchObject({ code: 'call_active' });
  const pending = await aCallOf(3);
  await store.commit({ events: [anEvent(pending.call)] });
  await expect(eraser.eraseCall(pending.call.id)).rejects.toMatchObject({ code: 'call_events_pending' });
  expect(await store.call(pending.call.id)).toBeDefined();
});

test('leaves consistent rows and files when the process dies between any two steps', async () => {
  const { call, recording } = await aCallOf(1);
  const empty = rows();
  for (let steps = 0; ; steps++) {
    const copy = join(folder, `died-${steps}`);
    mkdirSync(copy);
    const database = new DatabaseSync(join(folder, 'db'));
    database.exec(`VACUUM INTO '${join(copy, 'db')}'`);
    database.close();
    const dying = await openSqliteStorage({ file: join(copy, 'db'), clock, hasWebhook: () => true });
    const remains = new Set([recording.file]);
    await dying.eraseCall(call.id);
    let isOver = false;
    for (let step = 0; step < steps && !isOver; step++) isOver = !(await dying.continueErasing());
    await dying.close();
    const next = await openSqliteStorage({ file: join(copy, 'db'), clock, hasWebhook: () => true });
    const remove = async (file: string) => void remains.delete(file);
    const other = new Eraser({ store: next, files: { remove }, clock, log: silentLog });
    await done(other.expire(FOREVER));
    expect([...remains]).toEqual([]);
    expect(await next.recording(recording.id)).toBeUndefined();
    expect((await next.events({ callId: call.id }, { limit: 1 })).data).toEqual([]);
    expect((await next.timeline(call.id, { limit: 1 })).data).toEqual([]);
    expect(await next.continueErasing()).toBe(false);
    expect(await next.dueFiles(9)).toEqual([]);
    await next.close();
    if (isOver) break;
    expect(steps).toBeLessThan(50);
  }
  expect(rows()).toEqual(empty);
});

test('deletes each kind of data after its own number of days', async () => {
  const old = await aCallOf(0);
  clock.jump(100 * DAY);
  const young = await aCallOf(10);
  await done(eraser.expire({ ...FOREVER, events: 50, timelines: 50 }));
  for (const [{ call }, left] of [
    [old, 0],
    [young, 1],
  ] as const) {
    expect((await store.events({ callId: call.id }, { limit: 1 })).data).toHaveLength(left);
    expect((await store.timeline(call.id, { limit: 1 })).data).toHaveLength(left);
    expect(await store.call(call.id)).toBeDefined();
  }
  await done(eraser.expire({ ...FOREVER, calls: 50 }));
  expect(await store.call(old.call.id), 'a call is kept while its recording is').toBeDefined();
  await clock.advance(DAY);
  await done(eraser.expire({ ...FOREVER, calls: 50, recordings: 50 }));
  expect(await store.call(old.call.id)).toBeUndefined();
  expect(existsSync(files.path(old.recording.file))).toBe(false);
  expect(await store.call(young.call.id)).toBeDefined();
  expect(existsSync(files.path(young.recording.file))).toBe(true);
});

test('examines data that was kept once a day, and otherwise continues where the last pass ended', async () => {
  const [first, second] = [await aCallOf(3), await aCallOf(2)];
  const froms: unknown[] = [];
  const watched = {
    ...store,
    expire(...[what, before, from]: Parameters<Storage['expire']>) {
      if (what === 'calls') froms.push(from);
      return store.expire(what, before, from);
    },
  };
  const other = new Eraser({ store: watched, files, clock, log: silentLog });
  const days = { ...FOREVER, calls: 1 };
  await done(other.expire(days));
  await done(other.expire(days));
  const end = [BigInt(second.call.createdAt), second.call.id];
  expect(froms).toEqual([undefined, end, end]);
  await done(other.deleteRecording(first.recording));
  await clock.advance(DAY);
  await done(other.expire(days));
  expect(froms[3]).toBeUndefined();
  expect(await store.call(first.call.id)).toBeUndefined();
  expect(await store.call(second.call.id)).toBeDefined();
  await other.close();
});

test('deletes within an hour what began before the limit and ended after it', async () => {
  const late = await aCallOf(1 + 1 / 86_400);
  const old = await aCallOf(3);
  const open = await aCallOf(2, { status: 'in_progress', endedAt: null });
  const days = { ...FOREVER, recordings: 1, calls: 1 };
  await done(eraser.expire(days));
  expect(await store.call(old.call.id)).toBeUndefined();
  expect(await store.recording(late.recording.id)).toBeDefined();
  const young = await aCallOf(1);
  await clock.advance(HOUR);
  await done(eraser.expire(days));
  for (const { call, recording } of [late, young]) {
    expect(await store.recording(recording.id)).toBeUndefined();
    expect(await store.call(call.id)).toBeUndefined();
  }
  expect(await store.call(open.call.id)).toBeDefined();
});

test('deletes everything before and after a row that ended after the limit', async () => {
  const calls = [];
  for (let n = 0; n < 45; n += 1) {
    const call = aCall(`call_${n}`, { status: 'completed', createdAt: clock.now() - 2 * DAY + n });
    calls.push({ ...call, endedAt: n === 5 || n === 30 ? clock.now() - DAY + 60_000 : call.createdAt });
  }
  for (const call of calls) await store.commit({ call });
  const stored = async () => (await store.calls({}, { limit: 100 })).data.map(({ id }) => id);
  await done(eraser.expire({ ...FOREVER, calls: 1 }));
  expect(await stored()).toEqual(['call_30', 'call_5']);
  await clock.advance(HOUR);
  await done(eraser.expire({ ...FOREVER, calls: 1 }));
  expect(await stored()).toEqual([]);
});

test('keeps active calls and pending events of any age', async () => {
  const open = await aCallOf(100, { status: 'in_progress', endedAt: null });
  const pending = await aCallOf(101);
  await store.commit({ events: [{ ...anEvent(pending.call), at: pending.call.createdAt }] });
  await store.commit({ recording: { ...open.recording, status: 'started', endedAt: null } });
  const days = { calls: 1, recordings: 1, events: 1, timelines: 1, charges: 1 };
  await done(eraser.expire(days));
  expect(await store.call(open.call.id)).toBeDefined();
  expect(await store.recording(open.recording.id)).toBeDefined();
  expect((await store.timeline(open.call.id, { limit: 1 })).data).toHaveLength(1);
  expect(await store.call(pending.call.id)).toBeDefined();
  const { data } = await store.events({ callId: pending.call.id, state: 'pending' }, { limit: 5 });
  expect(data).toHaveLength(1);
});

test('retries a file that cannot be deleted and deletes the others', async () => {
  const stuck = await aCallOf(3);
  const others = [await aCallOf(2), await aCallOf(1)];
  rmSync(files.path(stuck.recording.file));
  mkdirSync(files.path(stuck.recording.file));
  await done(eraser.expire({ ...FOREVER, recordings: 0.5 }));
  for (const { recording } of others) expect(existsSync(files.path(recording.file))).toBe(false);
  expect(warnings.join()).toContain(stuck.recording.file);
  await done(eraser.expire(FOREVER));
  expect(warnings).toHaveLength(1);
  await clock.advance(61_000);
  rmSync(files.path(stuck.recording.file), { recursive: true });
  writeFileSync(files.path(stuck.recording.file), 'sound');
  await done(eraser.expire(FOREVER));
  expect(existsSync(files.path(stuck.recording.file))).toBe(false);
  expect(rows()['file_deletions']).toBeUndefined();
});

test('deletes the WAV file that a crash left beside an MP3', async () => {
  const { recording } = await aCallOf(1);
  const mp3 = recording.file.replace('.wav', '.mp3');
  writeFileSync(files.path(mp3), 'sound');
  await store.commit({ recording: { ...recording, file: mp3, format: 'mp3' } });
  await done(eraser.deleteRecording(recording));
  expect([existsSync(files.path(mp3)), existsSync(files.path(recording.file))]).toEqual([false, false]);
  const running = { id: recording.id, status: 'started' as const };
  await expect(eraser.deleteRecording(running)).rejects.toMatchObject({ code: 'recording_not_ready' });
});

test('runs at the start and every hour, and continues after a failure', async () => {
  let looks = 0;
  const failing = {
    ...store,
    async continueErasing(): Promise<boolean> {
      looks += 1;
      throw new Error('disk I/O error');
    },
  };
  const other = new Eraser({ store: failing, files, clock, log: silentLog });
  other.start(FOREVER);
  await clock.advance(1);
  expect(looks).toBe(2);
  await clock.advance(2 * 3_600_000);
  expect(looks).toBe(6);
  await other.close();
  expect(clock.pending).toBe(0);
});

test('erases a call and a recording at once while other deletions are pending', async () => {
  const [waiting, { call, recording }, recorded] = [await aCallOf(9), await aCallOf(2), await aCallOf(1)];
  await store.eraseCall(waiting.call.id);
  const pass = Promise.withResolvers<never>();
  const continueErasing = async (id?: string) => id !== undefined && store.continueErasing(id);
  const busy = { ...store, expire: () => pass.promise, continueErasing };
  const other = new Eraser({ store: busy, files, clock, log: silentLog });
  other.start({ ...FOREVER, events: 1 });
  await clock.advance(1);
  await done(other.eraseCall(call.id));
  await done(other.deleteRecording(recorded.recording));
  expect(existsSync(files.path(recording.file))).toBe(false);
  expect(existsSync(files.path(recorded.recording.file))).toBe(false);
  expect((await store.timeline(call.id, { limit: 1 })).data).toEqual([]);
  expect((await store.timeline(waiting.call.id, { limit: 1 })).data).toHaveLength(1);
  pass.reject(new Error('disk I/O error'));
  await done(other.close());
});

test('does not change usage when calls are erased', async () => {
  const from = clock.now() - 9 * DAY;
  const filter = { applicationId: 'app_1', from: from - (from % DAY), to: clock.now() };
  const { call } = await aCallOf(3, { costAmount: 20_000, costCurrency: 'EUR' });
  await aCallOf(2);
  const before = await store.usage(filter);
  expect(before).toEqual({ calls: 2, billsecSeconds: 122, cost: 20_000 });
  await done(eraser.eraseCall(call.id));
  expect(await store.usage(filter)).toEqual(before);
});
