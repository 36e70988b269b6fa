import type { CallRecord, EventDraft } from '../../calls/index.ts';
import type { RecordingRecord } from '../../recordings/index.ts';
import type { AttemptRecord } from '../../webhooks/index.ts';

/** Returns a call record with the given changes. */
export function aCall(id: string, changes: Partial<CallRecord> = {}): CallRecord {
  return {
    id,
    customerId: 'cust_1',
    applicationId: 'app_1',
    providerCallId: '2d1b6f0e-6f57-4a53-9a53-2f6f4e0c8a11',
    status: 'dialing',
    direction: 'inbound',
    from: '+15550100001',
    to: '+15550100000',
    answerUrl: 'https://example.test/answer',
    metadata: { record: true, nested: { order: ['A-1'] } },
    variables: { language: 'en' },
    routeMode: 'webhook',
    routingTarget: 'app_1',
    createdAt: 1_780_056_000_000,
    dialingAt: 1_780_056_000_001,
    ringingAt: null,
    answeredAt: null,
    endedAt: null,
    reason: null,
    endedBy: null,
    sipStatus: null,
    error: null,
    costAmount: null,
    costCurrency: null,
    sipHeaders: { 'X-Order': 'A-1' },
    ...changes,
  };
}

export function aRecording(call: CallRecord, changes: Partial<RecordingRecord> = {}): RecordingRecord {
  return {
    id: `rec_${call.id}`,
    callId: call.id,
    customerId: call.customerId,
    applicationId: call.applicationId,
    providerCallId: call.providerCallId,
    status: 'started',
    storageType: 'local',
    file: `rec_${call.id}.wav`,
    format: 'wav',
    channels: 2,
    sampleRate: 8000,
    createdAt: call.createdAt,
    updatedAt: call.createdAt,
    startedAt: call.createdAt,
    endedAt: null,
    endedBy: null,
    durationMs: 0,
    sizeBytes: 44,
    sha256: null,
    gaps: [{ startMs: 20, endMs: 40, cause: 'pause' }],
    recovered: false,
    error: null,
    ...changes,
  };
}

export function anEvent(
  call: CallRecord,
  event = 'call.gathered',
  data: Record<string, unknown> = {},
): EventDraft {
  return { event, at: call.createdAt, call, data };
}

export function anAttempt(id: string, eventId: string, changes: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    id,
    eventId,
    attempt: 1,
    at: 5,
    durationMs: 12,
    status: 200,
    error: null,
    answer: 'ok',
    ...changes,
  };
}
