import { z } from 'zod';
import { createdAt, errorInfo, id, pageQuery, time, updatedAt } from './values.ts';

export const recordingStatus = z
  .enum(['started', 'completed', 'failed'])
  .describe('The state of the recording. `started`: it is running.');

export const gap = z.object({
  start_ms: z.int().describe('Milliseconds since the start of the recording.'),
  end_ms: z.int().describe('Equal to `start_ms` while the gap lasts, and for a `skip` that a crash ended.'),
  cause: z
    .enum(['pause', 'skip', 'sensitive'])
    .describe('`pause` and `skip`: `pause_recording`. `sensitive`: a `gather` with `sensitive`.'),
});

export const recording = z.object({
  id: z
    .string()
    .describe('`rec_` and the id of the call; for the second and later recordings of a call also a number.'),
  call_id: id('call'),
  customer_id: id('cust'),
  application_id: id('app'),
  provider_call_id: z.string().describe('The id of the SIP leg, a UUID.'),
  status: recordingStatus,
  storage_type: z.enum(['local', 's3']).describe('Where the file is stored.'),
  file_url: z
    .string()
    .describe(
      'A signed URL of the file that works without a key for a limited time; empty until the file is complete.',
    ),
  duration_seconds: z.int().describe('The length of the audio in seconds, rounded down.'),
  duration_ms: z.int().describe('The length of the audio in milliseconds.'),
  size_bytes: z.int().describe('The size of the file.'),
  channels: z
    .union([z.literal(1), z.literal(2)])
    .describe('2: the caller is on the left channel, and what the caller hears on the right. 1: mixed.'),
  sample_rate: z.int().describe('The sample rate in Hz.'),
  format: z.enum(['wav', 'mp3']).describe('The file format.'),
  sha256: z.string().nullable().describe('The SHA-256 of the file in hex; null until the file is complete.'),
  started_at: time.describe('When the recording started.'),
  ended_at: time.nullable().describe('When the recording ended; null while it is running.'),
  ended_by: z
    .string()
    .nullable()
    .describe(
      'What ended the recording: `stop_recording`, `api`, `hangup`, `max_seconds`, or `recovery` after a crash.',
    ),
  gaps: z.array(gap).describe('The passages that are not in the file.'),
  recovered: z.boolean().describe('Whether the file was completed after a crash.'),
  error: errorInfo
    .pick({ code: true, message: true })
    .optional()
    .describe('The error, if the recording failed.'),
  created_at: createdAt,
  updated_at: updatedAt,
});

export const recordingQuery = pageQuery.extend({
  call_id: z.string().optional().describe('Returns only the recordings of this call.'),
  status: recordingStatus.optional(),
});

export const recordingOrder = z.strictObject({
  action: z.string().default('start').describe('`start`, `stop`, `pause` or `resume`.'),
  mode: z.enum(['silence', 'skip']).optional().describe('For `pause`. Default: `silence`.'),
  channels: z.literal([1, 2]).optional().describe('For `start`. Default: 2.'),
  format: z.enum(['wav', 'mp3']).optional().describe('For `start`. Default: `wav`.'),
  max_seconds: z.int().min(1).max(14_400).optional().describe('For `start`. Default: 14,400.'),
});

export const RECORDING_ORDERS = ['start', 'stop', 'pause', 'resume'] as const;

export const recordingControl = z.object({
  data: z.object({
    call_id: id('call'),
    provider_call_id: z.string().describe('The id of the SIP leg, a UUID.'),
    action: z.enum(RECORDING_ORDERS).describe('The order, as in the request.'),
    recording: recording.describe('The recording after the order.'),
  }),
});
