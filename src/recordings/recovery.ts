import { basename } from 'node:path';
import type { CallRecord, QuarantineStore } from '../calls/index.ts';
import { type Clock, explain, type Log } from '../kit/index.ts';
import { DRAFT, mp3Beside } from './files.ts';
import { foundRecording } from './found.ts';
import { gapsWithin, skippedMs } from './gaps.ts';
import { entryOf, type RecordingPorts, savedAs } from './recording.ts';
import { recordingEvent } from './recording-events.ts';
import type { RecordingRecord, RecordingStore } from './store.ts';
import { repairWav } from './wav-file.ts';

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
 * gets its one terminal event, and drafts of files are removed. Run it at the start, before calls are taken, and
 * before the calls of the crash get their own last event. Running it again does nothing more.
 * @returns how many recordings were found open.
 */
export async function recoverRecordings(ports: RecoveryPorts): Promise<number> {
  await adopt(ports);
  const open = await ports.store.openRecordings();
  const keep = new Set<string>();
  for (const recording of open) {
    try {
      await recover(recording, ports);
    } catch (error) {
      keep.add(recording.file);
      const reason = `the recording cannot be recovered: ${explain(error)}`;
      ports.store.quarantine({ table: 'recordings', id: recording.id, reason });
    }
  }
  await removeStrays(ports, keep);
  return open.length;
}

/**
 * The first frames may be in a file before its recording is in the store: it is entered now, with the event that
 * says that it has started.
 */
async function adopt({ store, files, journal, openCalls }: RecoveryPorts): Promise<void> {
  const calls = await openCalls();
  const names = calls.length > 0 ? await files.names() : [];
  for (const call of calls) {
    for (const name of names.filter((file) => file.includes(`/rec_${call.id}`) && file.endsWith('.wav'))) {
      if (await store.recording(basename(name, '.wav'))) continue;
      const recording = await foundRecording(name, call, files);
      if (!recording) await files.remove(name);
      else {
        const events = [recordingEvent(recording, call)];
        await journal.commit({ recording, events, timeline: events.map(entryOf) });
      }
    }
  }
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
  await journal.commit({ recording: recovered, events, timeline: events.map(entryOf) });
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

/** Drafts, and WAV files whose MP3 had been committed when the crash came. */
async function removeStrays({ files, log }: RecoveryPorts, keep: Set<string>): Promise<void> {
  const names = new Set(await files.names());
  for (const name of names) {
    const encoded = name.endsWith('.wav') && names.has(mp3Beside(name)) && !keep.has(name);
    if (!name.endsWith(DRAFT) && !encoded) continue;
    await files.remove(name);
    log.info({ file: name }, 'a file that a crash had left was removed');
  }
}
