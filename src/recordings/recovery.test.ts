import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CallRecord } from '../calls/index.ts';
import { silentLog } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { openSqliteStorage, type Storage } from '../storage/index.ts';
import { aCall, aRecording } from '../storage/testing/records.ts';
import { RecordingFiles } from './files.ts';
import { ThreadFinisher } from './finisher.ts';
import { recoverRecordings } from './recovery.ts';
import { Eraser } from './retention.ts';
import type { RecordingRecord } from './store.ts';
import { wav } from './testing/fake-leg.ts';

const call: CallRecord = aCall('call_1', { status: 'in_progress' });
const clock = new VirtualClock();
const tone = Array.from({ length: 16_000 }, (_, i) => ((i % 8) - 4) * 1000);
let folder: string;
let files: RecordingFiles;
let storage: Storage;
let finisher: ThreadFinisher;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'minivoice-recovery-'));
  files = new RecordingFiles(join(folder, 'recordings'));
  finisher = new ThreadFinisher({ clock, log: silentLog });
  storage = await openSqliteStorage({ file: join(folder, 'db'), clock, hasWebhook: () => true });
  await storage.commit({ call });
});

afterEach(async () => {
  await finisher.close();
  await storage.close();
  rmSync(folder, { recursive: true });
});

/** Stores a recording as a crash leaves it. */
async function cutOff(
  bytes: Buffer | null,
  changes: Partial<RecordingRecord> = {},
): Promise<RecordingRecord> {
  const file = await files.place('rec_call_1', call.createdAt);
  const recording = aRecording(call, { file, gaps: [], ...changes });
  if (bytes) writeFileSync(files.path(file), bytes);
  await storage.commit({ recording });
  return recording;
}

/** Names of all files in the recordings folder. */
function names(): string[] {
  const root = join(folder, 'recordings');
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

const recover = () =>
  recoverRecordings({
    store: storage,
    journal: storage,
    files,
    finisher,
    clock,
    log: silentLog,
    call: (id) => storage.call(id),
    openCalls: () => storage.openCalls(),
  });

async function events() {
  const { data } = await storage.events({ callId: call.id }, { limit: 10 });
  return data.map(({ event, data }) => ({ event, ...data }));
}

test('makes a file playable that ends in the middle of a sample, and reports it once', async () => {
  const whole = wav(2, tone, null);
  await cutOff(whole.subarray(0, whole.length - 3));
  expect(await recover()).toBe(1);
  const recording = (await storage.recording('rec_call_1'))!;
  expect(recording).toMatchObject({ status: 'completed', recovered: true, endedBy: 'recovery', gaps: [] });
  expect(recording.durationMs).toBe(999);
  const bytes = readFileSync(files.path(recording.file));
  expect(bytes.length).toBe(44 + 7999 * 4);
  expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8);
  expect(bytes.readUInt32LE(40)).toBe(bytes.length - 44);
  expect(await events()).toMatchObject([
    { event: 'recording.completed', recovered: true, ended_by: 'recovery', size_bytes: bytes.length },
  ]);
});

test('is idempotent', async () => {
  await cutOff(wav(2, tone, null));
  await recover();
  expect(await recover()).toBe(0);
  expect(await events()).toHaveLength(1);
});

test.each([
  ['no file', null],
  ['an empty file', Buffer.alloc(0)],
  ['a file cut off in its header', wav(2, tone).subarray(0, 30)],
  ['something else', Buffer.alloc(5000, 'x')],
])('%s: the recording is lost, and says so', async (_, bytes) => {
  await cutOff(bytes);
  await recover();
  expect(await storage.recording('rec_call_1')).toMatchObject({ status: 'failed', recovered: true });
  expect(await events()).toMatchObject([{ event: 'recording.failed', error: { code: 'recording_lost' } }]);
});

test('recovers a file with only a header as a recording of no length', async () => {
  const { file } = await cutOff(wav(2, [], null), { format: 'mp3' });
  await recover();
  const recording = (await storage.recording('rec_call_1'))!;
  expect(recording).toMatchObject({ status: 'completed', recovered: true, durationMs: 0 });
  expect(names()).toEqual([file.replace('.wav', '.mp3')]);
  expect(recording.sizeBytes).toBeGreaterThan(0);
  expect(await events()).toMatchObject([{ event: 'recording.completed', duration_ms: 0 }]);
});

test.each([
  ['a pause that was over', [{ startMs: 200, endMs: 400, cause: 'pause' }], [[200, 400]]],
  ['a pause that went on', [{ startMs: 500, endMs: 500, cause: 'pause' }], [[500, 2000]]],
  [
    'a pause of which not all is in the file',
    [{ startMs: 1900, endMs: 2300, cause: 'pause' }],
    [[1900, 2000]],
  ],
  ['a pause that is not in the file', [{ startMs: 2100, endMs: 2100, cause: 'pause' }], []],
  [
    'secret digits after a stretch that was left out',
    [
      { startMs: 500, endMs: 1500, cause: 'skip' },
      { startMs: 2500, endMs: 2500, cause: 'sensitive' },
    ],
    [
      [500, 1500],
      [2500, 3000],
    ],
  ],
  ['a stretch that was being left out', [{ startMs: 2000, endMs: 2000, cause: 'skip' }], [[2000, 2000]]],
] as const)('%s at the crash is in the gaps', async (_, before, after) => {
  await cutOff(wav(2, tone.concat(tone), null), { gaps: before.map((gap) => ({ ...gap })) });
  await recover();
  const { gaps } = (await storage.recording('rec_call_1'))!;
  expect(gaps.map(({ startMs, endMs }) => [startMs, endMs])).toEqual(after);
});

test('recovers a file whose recording was not stored yet', async () => {
  const file = await files.place('rec_call_1_2', call.createdAt);
  writeFileSync(files.path(file), wav(2, tone, null));
  writeFileSync(files.path(file.replace('_2', '_3')), wav(2, [], null));
  await recover();
  expect(await storage.recording('rec_call_1_2')).toMatchObject({
    status: 'completed',
    recovered: true,
    file,
  });
  expect((await events()).map(({ event }) => event)).toEqual(['recording.started', 'recording.completed']);
  expect(names()).toEqual([file]);
});

test('makes a requested MP3 and deletes the draft of the crash', async () => {
  const { file } = await cutOff(wav(1, tone, null), { format: 'mp3', channels: 1 });
  const draft = files.path(file).replace('.wav', '.mp3.part');
  writeFileSync(draft, 'half');
  await recover();
  const recording = (await storage.recording('rec_call_1'))!;
  expect(recording).toMatchObject({ status: 'completed', format: 'mp3', durationMs: 2000 });
  expect(names()).toEqual([recording.file]);
});

test('deletes the WAV file after a crash between the commit and its removal', async () => {
  const file = await files.place('rec_call_1', call.createdAt);
  const mp3 = file.replace('.wav', '.mp3');
  const recording = aRecording(call, { status: 'completed', file: mp3, format: 'mp3' });
  await storage.commit({ recording, obsoleteFile: file });
  writeFileSync(files.path(file), wav(1, tone));
  writeFileSync(files.path(mp3), 'whole');
  await recover();
  const eraser = new Eraser({ store: storage, files, clock, log: silentLog });
  await eraser.expire({ calls: 0, recordings: 0, events: 0, timelines: 0, charges: 0 });
  expect(names()).toEqual([mp3]);
});

/** Counts accesses to the folder. */
class CountingFiles extends RecordingFiles {
  asked = 0;
  override size(name: string) {
    this.asked += 1;
    return super.size(name);
  }
}

test('reads only the folders of open recordings', async () => {
  const at = call.createdAt;
  for (let n = 0; n < 2_000; n++) writeFileSync(files.path(await files.place(`rec_old_${n}`, at)), '');
  for (let day = 1; day < 60; day++) await files.place('rec_later', at + day * 86_400_000);
  await cutOff(wav(2, tone, null));
  const counting = new CountingFiles(join(folder, 'recordings'));
  clock.jump(at - clock.now() + 3_600_000);
  const calls = { call: (id: string) => storage.call(id), openCalls: () => storage.openCalls() };
  const deps = { store: storage, journal: storage, files: counting, finisher, clock, log: silentLog };
  expect(await recoverRecordings({ ...deps, ...calls })).toBe(1);
  expect(counting.asked).toBeLessThan(20);
  expect(await storage.recording('rec_call_1')).toMatchObject({ status: 'completed' });
});

test('finds a recording that started on a later day than its call', async () => {
  const file = await files.place('rec_call_1', call.createdAt + 86_400_000);
  writeFileSync(files.path(file), wav(2, tone, null));
  clock.jump(call.createdAt - clock.now() + 2 * 86_400_000);
  await recover();
  expect(await storage.recording('rec_call_1')).toMatchObject({ status: 'completed', file });
});

test('keeps the files when the store fails, and recovers them at the next start', async () => {
  const { file } = await cutOff(wav(1, tone, null), { format: 'mp3' });
  const journal = { commit: () => Promise.reject(new Error('the disk is full')), written: async () => {} };
  const calls = { call: async () => call, openCalls: async () => [call] };
  const deps = { store: storage, files, finisher, clock, log: silentLog, ...calls };
  await recoverRecordings({ ...deps, journal });
  expect(existsSync(files.path(file))).toBe(true);
  await recover();
  expect(await storage.recording('rec_call_1')).toMatchObject({ status: 'completed', format: 'mp3' });
  expect(await events()).toHaveLength(1);
});

test('finishes a recording without an event when its call is missing', async () => {
  await cutOff(wav(2, tone, null), { id: 'rec_ghost', callId: 'ghost' });
  await recover();
  expect(await storage.recording('rec_ghost')).toMatchObject({ status: 'completed', recovered: true });
});
