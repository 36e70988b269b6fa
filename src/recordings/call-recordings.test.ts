import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import type { CallRecord } from '../calls/index.ts';
import { Failure, type Log, silentLog, systemClock } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { CallRecordings } from './call-recordings.ts';
import { RecordingFiles } from './files.ts';
import { ThreadFinisher } from './finisher.ts';
import type { RecordingOptions } from './recording.ts';
import { FakeLeg } from './testing/fake-leg.ts';
import { MemoryJournal } from './testing/memory-journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'minivoice-recordings-'));
const finisher = new ThreadFinisher({ clock: systemClock, log: silentLog });
afterAll(async () => {
  await finisher.close();
  rmSync(folder, { recursive: true });
});

const stereo: RecordingOptions = { channels: 2, format: 'wav', maxSeconds: 60 };
const files = new RecordingFiles(folder);
let calls = 0;
let leg: FakeLeg;
let journal: MemoryJournal;
let recordings: CallRecordings;
let id: string;
/** Whether the streams of the call are silenced. */
let isHeldBack: boolean;
let warnings: object[];

beforeEach(() => {
  const clock = new VirtualClock();
  leg = new FakeLeg(clock);
  journal = new MemoryJournal();
  const record = { id: `call_${++calls}`, status: 'in_progress', applicationId: 'app_1' } as CallRecord;
  isHeldBack = false;
  const holdBack = (_what: string, on: boolean) => {
    isHeldBack = on;
  };
  warnings = [];
  const log: Log = { ...silentLog, warn: (fields, message) => warnings.push({ ...fields, message }) };
  const call = { leg: leg.asLeg(), record, log, now: () => clock.now(), holdBack };
  recordings = new CallRecordings(call, { journal, files, finisher });
  id = `rec_call_${calls}`;
});

const lastEvent = () => journal.events.at(-1)!.data;

// One test per row of the table "One outcome" in contract 4.

test('completes on stop, by stop_recording or by the API', async () => {
  for (const by of ['stop_recording', 'api'] as const) {
    await recordings.start(stereo);
    leg.last.advance(100);
    await recordings.stop(by);
    expect(lastEvent()).toMatchObject({ status: 'completed', ended_by: by, duration_ms: 2000 });
  }
});

test('reports size, duration and hash of a file that is readable at that moment', async () => {
  journal.before = ({ events }) => {
    const { event, data } = events![0]!;
    if (event !== 'recording.completed') return;
    const bytes = readFileSync(leg.last.options.path);
    expect(data['size_bytes']).toBe(bytes.length);
    expect(data['sha256']).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(bytes.readUInt32LE(40)).toBe(bytes.length - 44);
  };
  await recordings.start(stereo);
  leg.last.advance(149);
  const recording = await recordings.stop('stop_recording');
  expect(lastEvent()).toEqual({
    recording_id: id,
    status: 'completed',
    duration_seconds: 2,
    size_bytes: 44 + 149 * 640,
    duration_ms: 2980,
    channels: 2,
    format: 'wav',
    sha256: recording.sha256,
    ended_by: 'stop_recording',
  });
  expect(journal.recordings.get(id)).toEqual(recording);
  expect(recording.file).toBe(`2026/05/29/${id}.wav`);
});

test('completes on hangup before the call ends', async () => {
  await recordings.start(stereo);
  leg.last.advance(50);
  await recordings.finish('hangup');
  expect(journal.eventLines).toEqual([`recording.started ${id}`, `recording.completed ${id} hangup`]);
});

test('completes by hangup when the leg closes before the call ends', async () => {
  await recordings.start(stereo);
  leg.last.advance(50);
  leg.last.end('closed');
  await recordings.finish();
  expect(journal.eventLines).toEqual([`recording.started ${id}`, `recording.completed ${id} hangup`]);
});

test('rejects a stop without a recording and reports it as an event', async () => {
  const refused = recordings.stop('stop_recording');
  await expect(refused).rejects.toMatchObject({
    code: 'recording_not_started',
    message: 'recording is not currently started',
  });
  await recordings.reportNotStarted();
  expect(journal.eventLines).toEqual(['recording.failed recording_not_started']);
  expect(journal.timeline).toHaveLength(1);
});

test('rejects stop, pause and resume after a completed stop', async () => {
  await recordings.start(stereo);
  await recordings.stop('stop_recording');
  await expect(recordings.stop('api')).rejects.toMatchObject({ code: 'recording_not_started' });
  await expect(recordings.pause('silence')).rejects.toMatchObject({ code: 'recording_not_started' });
  await expect(recordings.resume()).rejects.toMatchObject({ code: 'recording_not_started' });
});

test('returns the active recording on a second start, without a second event', async () => {
  const [first, second] = await Promise.all([recordings.start(stereo), recordings.start(stereo)]);
  const third = await recordings.start(stereo);
  expect([first.already, second.already, third.already]).toEqual([false, true, true]);
  expect(third.recording.id).toBe(id);
  expect(journal.eventLines).toEqual([`recording.started ${id}`]);
  expect(leg.taps).toHaveLength(1);
  await recordings.finish();
});

test('makes two recordings with two files for start, stop, start', async () => {
  await recordings.start(stereo);
  leg.last.advance(10);
  await recordings.stop('stop_recording');
  await recordings.start(stereo);
  leg.last.advance(20);
  await recordings.finish();
  expect(journal.eventLines).toEqual([
    `recording.started ${id}`,
    `recording.completed ${id} stop_recording`,
    `recording.started ${id}_2`,
    `recording.completed ${id}_2 hangup`,
  ]);
  expect(readFileSync(leg.taps[0]!.options.path).length).toBe(44 + 10 * 640);
  expect(readFileSync(leg.taps[1]!.options.path).length).toBe(44 + 20 * 640);
});

test('completes once by the stop that precedes a hangup in the same frame', async () => {
  await recordings.start(stereo);
  leg.last.advance(10);
  await Promise.all([recordings.stop('stop_recording'), recordings.finish()]);
  expect(journal.eventLines).toEqual([`recording.started ${id}`, `recording.completed ${id} stop_recording`]);
});

test('completes once by the hangup that precedes a stop in the same frame', async () => {
  await recordings.start(stereo);
  leg.last.advance(10);
  await Promise.all([recordings.finish(), recordings.stop('stop_recording')]);
  expect(journal.eventLines).toEqual([`recording.started ${id}`, `recording.completed ${id} hangup`]);
});

test('stores a gap before the pause resolves', async () => {
  await recordings.start(stereo);
  leg.last.advance(10);
  await recordings.pause('silence');
  const kept = () => journal.recordings.get(id)?.gaps;
  expect(kept()).toEqual([{ startMs: 200, endMs: 200, cause: 'pause' }]);
  leg.last.advance(5);
  await recordings.resume();
  expect(kept()).toEqual([{ startMs: 200, endMs: 300, cause: 'pause' }]);
});

test('completes on stop while paused, with the pause in the gaps', async () => {
  await recordings.start(stereo);
  leg.last.advance(10);
  await recordings.pause('silence');
  leg.last.advance(5);
  const { gaps, durationMs } = await recordings.stop('stop_recording');
  expect(gaps).toEqual([{ startMs: 200, endMs: 300, cause: 'pause' }]);
  expect(durationMs).toBe(300);
});

test('silences streams while paused', async () => {
  await recordings.start(stereo);
  await recordings.pause('silence');
  expect(isHeldBack).toBe(true);
  await recordings.resume();
  expect(isHeldBack).toBe(false);
  await recordings.pause('skip');
  await recordings.stop('api');
  expect(isHeldBack).toBe(false);
});

test('unsilences streams only after the tap has resumed', async () => {
  await recordings.start(stereo);
  await recordings.pause('silence');
  const resumed = recordings.resume();
  expect(isHeldBack).toBe(true);
  await resumed;
  expect(isHeldBack).toBe(false);
});

test('keeps the gap of a resumed pause and ignores repeated pause and resume', async () => {
  await recordings.start(stereo);
  leg.last.advance(10);
  for (const _ of [1, 2]) await recordings.pause('skip');
  leg.last.advance(5);
  for (const _ of [1, 2]) await recordings.resume();
  leg.last.advance(10);
  const { gaps, durationMs } = await recordings.stop('api');
  expect(gaps).toEqual([{ startMs: 200, endMs: 300, cause: 'skip' }]);
  expect(durationMs).toBe(400);
});

test('completes by max_seconds', async () => {
  await recordings.start({ ...stereo, maxSeconds: 1 });
  expect(leg.last.options.maxSeconds).toBe(1);
  leg.last.advance(50);
  leg.last.end('max_reached');
  const whole = [`recording.started ${id}`, `recording.completed ${id} max_seconds`];
  await expect.poll(() => journal.eventLines).toEqual(whole);
  await recordings.finish();
  expect(journal.eventLines).toEqual(whole);
});

test('fails on a write error and reports what was saved', async () => {
  await recordings.start(stereo);
  leg.last.advance(50);
  leg.last.end('write_failed', 'ENOSPC: no space left on device');
  const failed = `recording.failed ${id} write_error recording_write_failed`;
  await expect.poll(() => journal.eventLines.at(-1)).toBe(failed);
  await recordings.finish();
  expect(journal.eventLines.at(-1)).toBe(failed);
  expect(lastEvent()).toMatchObject({ duration_ms: 1000, size_bytes: 44 + 50 * 640, format: 'wav' });
  expect(lastEvent()['error']).toEqual({
    code: 'recording_write_failed',
    message: 'ENOSPC: no space left on device',
  });
  const [code, error] = ['recording_write_failed', 'ENOSPC: no space left on device'];
  expect(warnings).toEqual([{ recording: id, code, error, message: 'a recording failed' }]);
  expect(journal.recordings.get(id)?.status).toBe('failed');
});

test('fails when the file is missing at the end', async () => {
  await recordings.start(stereo);
  leg.last.advance(50);
  leg.last.end('stopped');
  rmSync(leg.last.options.path);
  await recordings.finish();
  expect(journal.eventLines.at(-1)).toMatch(`recording.failed ${id}`);
  expect(lastEvent()).toMatchObject({ size_bytes: 0, sha256: null });
});

// Races.

test('does not lose a stop that overtakes its start', async () => {
  const started = recordings.start(stereo);
  const stopped = recordings.stop('api');
  await Promise.all([started, stopped]);
  expect(journal.eventLines).toEqual([`recording.started ${id}`, `recording.completed ${id} api`]);
});

test('completes on a hangup during the start', async () => {
  const started = recordings.start(stereo);
  await recordings.finish();
  await started;
  expect(journal.eventLines).toEqual([`recording.started ${id}`, `recording.completed ${id} hangup`]);
});

test('rejects a start after the hangup, without an event', async () => {
  await recordings.finish();
  await expect(recordings.start(stereo)).rejects.toMatchObject({ code: 'call_ended' });
  expect(journal.eventLines).toEqual([]);
});

test('fails a start that is not possible and makes another recording on the next start', async () => {
  leg.refusal = new Failure('tap_failed', 'EACCES: permission denied');
  await expect(recordings.start(stereo)).rejects.toMatchObject({ code: 'recording_start_failed' });
  leg.refusal = undefined;
  await recordings.start(stereo);
  await recordings.finish();
  expect(journal.eventLines).toEqual([
    `recording.failed ${id} start_error recording_start_failed`,
    `recording.started ${id}_2`,
    `recording.completed ${id}_2 hangup`,
  ]);
});

test('starts another recording while the first is being finished', async () => {
  await recordings.start(stereo);
  leg.last.advance(10);
  const stopped = recordings.stop('api');
  const again = await recordings.start(stereo);
  expect(again.already).toBe(false);
  await stopped;
  await recordings.finish();
  expect(journal.eventLines.toSorted()).toEqual([
    `recording.completed ${id} api`,
    `recording.completed ${id}_2 hangup`,
    `recording.started ${id}`,
    `recording.started ${id}_2`,
  ]);
});

test('writes a delayed started event before the completed one', async () => {
  let refused = false;
  journal.before = () => {
    if (!refused) {
      refused = true;
      throw new Error('the disk is full');
    }
  };
  await recordings.start(stereo);
  await recordings.stop('api');
  expect(journal.eventLines).toEqual([`recording.started ${id}`, `recording.completed ${id} api`]);
});

test('rejects the stop when the end cannot be written, and still lets the call end', async () => {
  await recordings.start({ ...stereo, format: 'mp3' });
  leg.last.advance(10);
  journal.before = () => {
    throw new Error('the disk is full');
  };
  await expect(recordings.stop('api')).rejects.toMatchObject({ code: 'recording_stop_failed' });
  await recordings.finish();
  expect(journal.recordings.get(id)?.status).toBe('started');
  expect(existsSync(leg.last.options.path)).toBe(true);
});

// MP3.

test('replaces the WAV file with an MP3 after its event is committed', async () => {
  await recordings.start({ ...stereo, format: 'mp3' });
  const wav = leg.last.options.path;
  leg.last.advance(100);
  journal.before = () => expect(existsSync(wav)).toBe(true);
  const recording = await recordings.stop('api');
  await expect.poll(() => existsSync(wav)).toBe(false);
  const bytes = readFileSync(files.path(recording.file));
  expect(recording).toMatchObject({ format: 'mp3', durationMs: 2000, sizeBytes: bytes.length });
  // MPEG frames begin with eleven set bits.
  expect(bytes.readUInt16BE(0) & 0xffe0).toBe(0xffe0);
  expect(bytes.length).toBeLessThan(2 * 10_000);
});

test('keeps the WAV file when encoding fails', async () => {
  await recordings.start({ ...stereo, format: 'mp3' });
  leg.last.advance(10);
  mkdirSync(leg.last.options.path.replace('.wav', '.mp3.part'));
  const recording = await recordings.stop('api');
  expect(recording).toMatchObject({ status: 'completed', format: 'wav', sizeBytes: 44 + 10 * 640 });
  expect(existsSync(files.path(recording.file))).toBe(true);
});
