import { rfc3339 } from '../core/index.ts';
import type { FileLinks } from './file-links.ts';
import type { Gap, RecordingRecord } from './store.ts';

/** Presents a recording for REST (contract 4). `file_url` is empty until the file can be read. */
export function presentRecording(recording: RecordingRecord, links: FileLinks): Record<string, unknown> {
  const readable = recording.status !== 'started' && recording.sizeBytes > 0;
  return {
    id: recording.id,
    call_id: recording.callId,
    customer_id: recording.customerId,
    application_id: recording.applicationId,
    provider_call_id: recording.providerCallId,
    status: recording.status,
    storage_type: recording.storageType,
    file_url: readable ? links.url(recording.id) : '',
    duration_seconds: Math.floor(recording.durationMs / 1000),
    size_bytes: recording.sizeBytes,
    created_at: rfc3339(recording.createdAt),
    updated_at: rfc3339(recording.updatedAt),
    started_at: rfc3339(recording.startedAt),
    ended_at: recording.endedAt === null ? null : rfc3339(recording.endedAt),
    ended_by: recording.endedBy,
    duration_ms: recording.durationMs,
    channels: recording.channels,
    sample_rate: recording.sampleRate,
    format: recording.format,
    sha256: recording.sha256,
    gaps: recording.gaps.map(presentGap),
    recovered: recording.recovered,
    ...(recording.error ? { error: recording.error } : {}),
  };
}

const presentGap = ({ startMs, endMs, cause }: Gap) => ({ start_ms: startMs, end_ms: endMs, cause });
