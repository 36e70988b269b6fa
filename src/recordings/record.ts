import type { CallRecord } from '../calls/index.ts';
import { mp3Beside } from './files.ts';
import type { Finished } from './finisher.ts';
import type { Gap, RecordingRecord } from './store.ts';

/** Sample rate of recordings. */
export const RATE = 8000;

/** Makes the record of a recording that starts now. */
export function newRecord(
  id: string,
  options: Pick<RecordingRecord, 'format' | 'channels'>,
  call: CallRecord,
  now: number,
): RecordingRecord {
  return {
    id,
    callId: call.id,
    customerId: call.customerId,
    applicationId: call.applicationId,
    providerCallId: call.providerCallId,
    status: 'started',
    storageType: 'local',
    file: '',
    format: options.format,
    channels: options.channels,
    sampleRate: RATE,
    createdAt: now,
    updatedAt: now,
    startedAt: now,
    endedAt: null,
    endedBy: null,
    durationMs: 0,
    sizeBytes: 0,
    sha256: null,
    gaps: [],
    recovered: false,
    error: null,
  };
}

/** Makes the change of a record whose file is finished. */
export function savedAs(wav: string, finished: Finished): Partial<RecordingRecord> {
  return { ...finished, file: finished.format === 'mp3' ? mp3Beside(wav) : wav };
}

/**
 * Fits known gaps to a file of `durationMs`. A gap that was open when the file ended lasts to its end. The length of an open
 * skip is unknown, because its sound is not in the file: it ends where it started.
 */
export function gapsWithin(gaps: Gap[], durationMs: number): Gap[] {
  const endMs = durationMs + skippedMs(gaps);
  return gaps
    .map((gap) => ({
      ...gap,
      endMs: isOpen(gap) && gap.cause !== 'skip' ? endMs : Math.min(gap.endMs, endMs),
    }))
    .filter((gap) => gap.endMs > gap.startMs || (gap.cause === 'skip' && gap.endMs === gap.startMs));
}

/** An open gap ends where it starts. */
const isOpen = ({ startMs, endMs }: Gap): boolean => endMs === startMs;

/** Time of a recording that its file omits, in milliseconds. */
export const skippedMs = (gaps: Gap[]): number =>
  gaps.reduce((sum, { cause, startMs, endMs }) => (cause === 'skip' ? sum + endMs - startMs : sum), 0);
