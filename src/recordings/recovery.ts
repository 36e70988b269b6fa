import type { CallRecord, QuarantineStore } from '../calls/index.ts';
import { type Clock, explain, type Log } from '../core/index.ts';
import { DRAFT, mp3Beside } from './files.ts';
import { foundRecording } from './found.ts';
import { gapsWithin, skippedMs } from './gaps.ts';
import { entryOf, type RecordingPorts, savedAs } from './recording.ts';
import { recordingEvent } from './recording-events.ts';
import type { RecordingRecord, RecordingStore } from './store.ts';
import { repairWav } from './wav-file.ts';

const DAY_MS = 86_400_000;

export interface RecoveryPorts extends RecordingPorts {
  store: RecordingStore & Pick<QuarantineStore, 'quarantine'>;
  /** The call as it is kept: its status at this moment goes into the event. */
  call(id: string): Promise<CallRecord | undefined>;
  /** Calls that the crash cut off. */
  openCalls(): Promise<CallRecord[]>;
  clock: Clock;
  log: Log;
}

/**
 * Finishes what a crash cut off: every recording that is still `started` becomes a file that can be played and
 * gets its one terminal event. Run it at the start, before calls are taken, and before the calls of the crash get their
 * own last event. Running it again does nothing more. What it costs depends on what was open, not on how many
 * recordings there are.
 * @returns how many recordings were found open.
 */
export async function recoverRecordings(ports: RecoveryPorts): Promise<number> {
  await adopt(ports);
  const open = await ports.store.openRecordings();
  for (const recording of open) {
    try {
      await recover(recording, ports);
    } catch (error) {
      const reason = `the recording cannot be recovered: ${explain(error)}`;
      ports.store.quarantine({ table: 'recordings', id: recording.id, reason });
    }
  }
  return open.length;
}

/** A call numbers its recordings. So many numbers without a recording or a file say that there are no more. */
const MOST_MISSING = 4;

/**
 * The first frames may be in a file before its recording is in the store: it is entered now, with the event that
 * says that it has started. A file that cannot be entered stays, and keeps no other from being so.
 */
async function adopt(ports: RecoveryPorts): Promise<void> {
  for (const call of await ports.openCalls()) {
    await adoptOf(call, ports).catch((error) => {
      const fields = { call_id: call.id, error: explain(error) };
      ports.log.error(fields, 'could not look for recordings of a call that was cut off');
    });
  }
}

async function adoptOf(call: CallRecord, ports: RecoveryPorts): Promise<void> {
  const { store, files, clock } = ports;
  // A day more: the wall clock may have been set back since.
  const days = await files.days(call.createdAt, Math.max(clock.now(), call.createdAt) + DAY_MS);
  for (let number = 1, missing = 0; missing < MOST_MISSING; number += 1) {
    const id = `rec_${call.id}${number > 1 ? `_${number}` : ''}`;
    missing += 1;
    if (await store.recording(id)) missing = 0;
    else {
      for (const day of days) {
        if ((await files.size(`${day}/${id}.wav`)) === undefined) continue;
        missing = 0;
        await enter(`${day}/${id}.wav`, call, ports);
      }
    }
  }
}

async function enter(name: string, call: CallRecord, { files, journal }: RecoveryPorts): Promise<void> {
  const recording = await foundRecording(name, call, files);
  if (!recording) return files.remove(name);
  const events = [recordingEvent(recording, call)];
  await journal.commit({ recording, events, timeline: events.map(entryOf) });
}

async function recover(recording: RecordingRecord, ports: RecoveryPorts): Promise<void> {
  const { journal, files, clock, log } = ports;
  const recovered = {
    ...recording,
    ...(await ending(recording, ports)),
    recovered: true,
    updatedAt: clock.now(),
  };
  // Without the record of its call nobody can be told, but the file is worth no less.
  const call = await ports.call(recording.callId).catch(() => undefined);
  const events = call ? [recordingEvent(recovered, call)] : [];
  const obsoleteFile = recovered.file === recording.file ? {} : { obsoleteFile: recording.file };
  await journal.commit({ recording: recovered, events, timeline: events.map(entryOf), ...obsoleteFile });
  await files.remove(mp3Beside(recording.file) + DRAFT);
  log.info({ recording: recovered.id, status: recovered.status }, 'a recording was recovered');
  // Of a file without a header nothing is kept, but for what is no WAV file at all: nobody knows what it is.
  const worthless = recovered.status === 'failed' && ((await files.size(recording.file)) ?? 0) < HEADER_BYTES;
  if (!worthless && recovered.file === recording.file) return;
  await journal.written();
  await files.remove(recording.file);
}

/** What the file that was left says about the recording. */
async function ending(recording: RecordingRecord, ports: RecoveryPorts): Promise<Partial<RecordingRecord>> {
  const path = ports.files.path(recording.file);
  const found = (await ports.files.size(recording.file)) === undefined ? undefined : await repairWav(path);
  if (!found) return lost(ports.clock.now());
  const durationMs = Math.floor((found.samples * 1000) / found.sampleRate);
  const gaps = gapsWithin(recording.gaps, durationMs);
  return {
    status: 'completed',
    endedBy: 'recovery',
    endedAt: recording.startedAt + durationMs + skippedMs(gaps),
    durationMs,
    gaps,
    ...savedAs(recording.file, await ports.finisher.finish(path, recording.format, recording.customerId)),
  };
}

function lost(at: number): Partial<RecordingRecord> {
  const error = { code: 'recording_lost', message: 'the file of the recording is gone' };
  return { status: 'failed', endedBy: 'recovery', endedAt: at, error };
}

/** The least that a WAV file has. */
const HEADER_BYTES = 44;
