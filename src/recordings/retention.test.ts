import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog, VirtualClock } from '../kit/index.ts';
import { openSqliteStorage, type Storage } from '../storage/index.ts';
import { aCall, aRecording } from '../storage/testing/records.ts';
import { RecordingFiles } from './files.ts';
import { deleteExpired, deleteRecording, keepForDays } from './retention.ts';
import type { RecordingRecord } from './store.ts';

const DAY = 86_400_000;
let clock: VirtualClock;
let folder: string;
let files: RecordingFiles;
let store: Storage;

beforeEach(async () => {
  clock = new VirtualClock();
  folder = mkdtempSync(join(tmpdir(), 'minivoice-retention-'));
  files = new RecordingFiles(join(folder, 'recordings'));
  store = await openSqliteStorage({ file: join(folder, 'db'), clock, hasWebhook: () => true });
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

async function recorded(
  name: string,
  daysAgo: number,
  but: Partial<RecordingRecord> = {},
): Promise<RecordingRecord> {
  const at = clock.now() - daysAgo * DAY;
  const call = aCall(`call_${name}`, { createdAt: at });
  const file = await files.place(`rec_${call.id}`, at);
  writeFileSync(files.path(file), 'sound');
  const recording = aRecording(call, { file, status: 'completed', endedAt: at, ...but });
  await store.commit({ call, recording });
  return recording;
}

test('what is older than the days given is deleted with its file; the rest stays', async () => {
  const old = await recorded('old', 31);
  const young = await recorded('young', 29);
  expect(await deleteExpired(30, { store, files, clock, log: silentLog })).toBe(1);
  expect(await store.recording(old.id)).toBeUndefined();
  expect(existsSync(files.path(old.file))).toBe(false);
  expect(await store.recording(young.id)).toBeDefined();
  expect(existsSync(files.path(young.file))).toBe(true);
});

test('a recording that runs is never deleted, however old', async () => {
  const running = await recorded('running', 31, { status: 'started', endedAt: null });
  expect(await deleteExpired(30, { store, files, clock, log: silentLog })).toBe(0);
  await expect(deleteRecording(running, { store, files })).rejects.toMatchObject({
    code: 'recording_not_ready',
  });
  expect(existsSync(files.path(running.file))).toBe(true);
});

test('it happens at the start and once a day, and never when no days are given', async () => {
  const ports = { store, files, clock, log: silentLog };
  const old = await recorded('old', 2.5);
  keepForDays(0, ports)();
  expect(clock.pending).toBe(0);
  const stop = keepForDays(3, ports);
  await clock.advance(1);
  expect(await store.recording(old.id)).toBeDefined();
  await expect.poll(() => clock.pending).toBe(1);
  await clock.advance(DAY);
  await expect.poll(() => store.recording(old.id)).toBeUndefined();
  await expect.poll(() => clock.pending).toBe(1);
  stop();
  expect(clock.pending).toBe(0);
});
