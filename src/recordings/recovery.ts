import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { readPcm16Format, repairWav } from '../audio/index.ts';
import type { CallRecord, QuarantineStore } from '../calls/index.ts';
import { type Clock, explain, type Log } from '../core/index.ts';
import { DRAFT, mp3Beside, type RecordingFiles } from './files.ts';
import { gapsWithin, newRecord, savedAs, skippedMs } from './record.ts';
import type { RecordingDeps } from './recording.ts';
import { recordingEvent, timelineEntry } from './recording-events.ts';
import type { RecordingRecord, RecordingStore } from './store.ts';

const DAY_MS = 86_400_000;

export interface RecoveryDeps extends RecordingDeps {
  store: RecordingStore & Pick<QuarantineStore, 'quarantine'>;
  /** The stored call, whose current status goes into the event. */
  call(id: string): Promise<CallRecord | undefined>;
  /** Calls that the crash interrupted. */
  openCalls(): Promise<CallRecord[]>;
  clock: Clock;
  log: Log;
}

/**
 * Finishes the recordings that a crash interrupted. Every recording that is still `started` becomes a playable file and
 * gets its final event. Must run at the start, before new calls, and before the interrupted calls get their final event.
 * Idempotent. Its cost depends on the number of open recordings, not of all recordings.
 * @returns the number of open recordings.
 */
export async function recoverRecordings(deps: RecoveryDeps): Promise<number> {
  await storeUnrecordedFiles(deps);
  const open = await deps.store.openRecordings();
  for (const recording of open) {
    try {
      await recover(recording, deps);
    } catch (error) {
      const reason = `could not recover the recording: ${explain(error)}`;
      deps.store.quarantine({ table: 'recordings', id: recording.id, reason });
    }
  }
  return open.length;
}

/** Recordings of a call are numbered. This many consecutive missing numbers mean that there are no more. */
const MOST_MISSING = 4;

/**
 * Stores recordings whose files exist without a row, with the event that reports their start. The first frames may be
 * written before the row. A file that fails stays and does not affect others.
 */
async function storeUnrecordedFiles(deps: RecoveryDeps): Promise<void> {
  for (const call of await deps.openCalls()) {
    await storeUnrecordedFilesOf(call, deps).catch((error) => {
      const fields = { call_id: call.id, error: explain(error) };
      deps.log.error(fields, 'could not search the recordings of an interrupted call');
    });
  }
}

async function storeUnrecordedFilesOf(call: CallRecord, deps: RecoveryDeps): Promise<void> {
  const { store, files, clock } = deps;
  // One day more, because the wall clock may have been set back.
  const days = await files.days(call.createdAt, Math.max(clock.now(), call.createdAt) + DAY_MS);
  for (let number = 1, missing = 0; missing < MOST_MISSING; number += 1) {
    const id = `rec_${call.id}${number > 1 ? `_${number}` : ''}`;
    missing += 1;
    if (await store.recording(id)) missing = 0;
    else {
      for (const day of days) {
        if ((await files.size(`${day}/${id}.wav`)) === undefined) continue;
        missing = 0;
        await storeRecordOf(`${day}/${id}.wav`, call, deps);
      }
    }
  }
}

async function storeRecordOf(
  name: string,
  call: CallRecord,
  { files, journal }: RecoveryDeps,
): Promise<void> {
  const recording = await recordOfFile(name, call, files);
  if (!recording) return files.remove(name);
  const events = [recordingEvent(recording, call)];
  await journal.commit({ recording, events, timeline: events.map(timelineEntry) });
}

/** Makes the record of a recording from its file; undefined if the file has no sound. */
async function recordOfFile(
  name: string,
  call: CallRecord,
  files: RecordingFiles,
): Promise<RecordingRecord | undefined> {
  const file = await open(files.path(name), 'r');
  try {
    const format = await readPcm16Format(file);
    const { birthtimeMs } = await file.stat();
    if (!format || format.dataLength < format.frameBytes) return undefined;
    const channels = format.channels === 1 ? 1 : 2;
    const startedAt = Math.round(birthtimeMs);
    return { ...newRecord(basename(name, '.wav'), { format: 'wav', channels }, call, startedAt), file: name };
  } finally {
    await file.close();
  }
}

async function recover(recording: RecordingRecord, deps: RecoveryDeps): Promise<void> {
  const { journal, files, clock, log } = deps;
  const recovered = {
    ...recording,
    ...(await ending(recording, deps)),
    recovered: true,
    updatedAt: clock.now(),
  };
  // Without its call the recording cannot be reported, but its file is still kept.
  const call = await deps.call(recording.callId).catch(() => undefined);
  const events = call ? [recordingEvent(recovered, call)] : [];
  const obsoleteFile = recovered.file === recording.file ? {} : { obsoleteFile: recording.file };
  await journal.commit({
    recording: recovered,
    events,
    timeline: events.map(timelineEntry),
    ...obsoleteFile,
  });
  await files.remove(mp3Beside(recording.file) + DRAFT);
  log.info({ recording: recovered.id, status: recovered.status }, 'a recording was recovered');
  // A file that is too short for a header is deleted. A file that is not WAV is kept, because its content is unknown.
  const worthless = recovered.status === 'failed' && ((await files.size(recording.file)) ?? 0) < HEADER_BYTES;
  if (!worthless && recovered.file === recording.file) return;
  await journal.written();
  await files.remove(recording.file);
}

/** Repairs the file and derives the end of the recording from it. */
async function ending(recording: RecordingRecord, deps: RecoveryDeps): Promise<Partial<RecordingRecord>> {
  const path = deps.files.path(recording.file);
  const found = (await deps.files.size(recording.file)) === undefined ? undefined : await repairWav(path);
  if (!found) return lost(deps.clock.now());
  const durationMs = Math.floor((found.samples * 1000) / found.sampleRate);
  const gaps = gapsWithin(recording.gaps, durationMs);
  return {
    status: 'completed',
    endedBy: 'recovery',
    endedAt: recording.startedAt + durationMs + skippedMs(gaps),
    durationMs,
    gaps,
    ...savedAs(recording.file, await deps.finisher.finish(path, recording.format, recording.customerId)),
  };
}

function lost(at: number): Partial<RecordingRecord> {
  const error = { code: 'recording_lost', message: 'the file of the recording is missing or not a WAV file' };
  return { status: 'failed', endedBy: 'recovery', endedAt: at, error };
}

/** The shortest WAV file. */
const HEADER_BYTES = 44;
