import type { CallRecord, EventDraft, TimelineEntry } from '../calls/index.ts';
import type { RecordingRecord } from './store.ts';

/** Makes the event that reports the status of a recording (contract 4, `data` of `recording.…`). */
export function recordingEvent(recording: RecordingRecord, call: CallRecord): EventDraft {
  return {
    event: `recording.${recording.status}`,
    at: recording.updatedAt,
    call,
    data: recording.status === 'started' ? beginning(recording) : ending(recording),
  };
}

/** Makes the event that reports a stop without a recording. */
export function notStartedEvent(call: CallRecord, at: number): EventDraft {
  const error = { code: 'recording_not_started', message: 'recording is not currently started' };
  return { event: 'recording.failed', at, call, data: { status: 'failed', error } };
}

/** Makes the timeline entry of an event. */
export function timelineEntry({ call, at, event, data }: EventDraft): TimelineEntry {
  return { callId: call.id, at, kind: 'recording', data: { event, ...data } };
}

function beginning({ id, status, channels, format }: RecordingRecord): Record<string, unknown> {
  return { recording_id: id, status, channels, format };
}

function ending(recording: RecordingRecord): Record<string, unknown> {
  return {
    recording_id: recording.id,
    status: recording.status,
    duration_seconds: Math.floor(recording.durationMs / 1000),
    size_bytes: recording.sizeBytes,
    duration_ms: recording.durationMs,
    channels: recording.channels,
    format: recording.format,
    sha256: recording.sha256,
    ended_by: recording.endedBy,
    ...(recording.recovered ? { recovered: true } : {}),
    ...(recording.error ? { error: recording.error } : {}),
  };
}
