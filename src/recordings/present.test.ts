import { expect, test } from 'vitest';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { aCall, aRecording } from '../storage/testing/records.ts';
import { FileLinks } from './file-links.ts';
import { presentRecording } from './present.ts';

const clock = new VirtualClock();
const links = new FileLinks({ publicUrl: () => 'http://voice.test', key: Buffer.from('k'), clock });
const call = aCall('call_123', { createdAt: Date.UTC(2026, 4, 29, 12, 2, 12) });

test('presents a running recording with every documented field and no URL', () => {
  expect(presentRecording(aRecording(call), links)).toMatchObject({
    id: 'rec_call_123',
    call_id: 'call_123',
    customer_id: 'cust_1',
    application_id: 'app_1',
    provider_call_id: call.providerCallId,
    status: 'started',
    storage_type: 'local',
    file_url: '',
    duration_seconds: 0,
    created_at: '2026-05-29T12:02:12Z',
    updated_at: '2026-05-29T12:02:12Z',
    ended_at: null,
    gaps: [{ start_ms: 20, end_ms: 40, cause: 'pause' }],
    recovered: false,
  });
});

test('presents a completed recording with a URL and rounded-down seconds', () => {
  const recording = aRecording(call, { status: 'completed', durationMs: 120_980, sizeBytes: 204_800 });
  const shown = presentRecording(recording, links);
  expect(shown).toMatchObject({ duration_seconds: 120, duration_ms: 120_980, size_bytes: 204_800 });
  expect(shown['file_url']).toMatch('http://voice.test/v1/recordings/rec_call_123/file?expires=');
  expect(JSON.stringify(shown)).not.toContain('.wav');
});

test('presents a failed recording without a file with no URL', () => {
  const error = { code: 'recording_lost', message: 'nothing' };
  const shown = presentRecording(aRecording(call, { status: 'failed', sizeBytes: 0, error }), links);
  expect(shown).toMatchObject({ file_url: '', error });
});
