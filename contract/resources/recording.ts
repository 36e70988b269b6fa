import { z } from 'zod';
import { fault, id, pageQuery, time } from './values.ts';

export const recordingStatus = z.enum(['started', 'completed', 'failed']);

export const gap = z.object({
  start_ms: z.int().describe('From the beginning of the recording, in milliseconds.'),
  end_ms: z
    .int()
    .describe('The same as `start_ms` while it goes on, and for a `skip` that a crash has ended.'),
  cause: z.enum(['pause', 'skip', 'sensitive']),
});

export const recording = z.object({
  id: z
    .string()
    .describe('`rec_` and the id of the call; from the second recording of a call on also its number.'),
  call_id: id('call'),
  customer_id: id('cust'),
  application_id: id('app'),
  provider_call_id: z.string(),
  status: recordingStatus,
  storage_type: z.enum(['local', 's3']),
  file_url: z.string().describe('Opens the file for a while, without a key; empty until there is one.'),
  duration_seconds: z.int().describe('Samples ÷ rate, rounded down.'),
  duration_ms: z.int().describe('Exact.'),
  size_bytes: z.int().describe('Of the file on disk.'),
  channels: z
    .union([z.literal(1), z.literal(2)])
    .describe('2: the caller left, what the caller hears right.'),
  sample_rate: z.int(),
  format: z.enum(['wav', 'mp3']),
  sha256: z.string().nullable().describe('Of the file, in hex; null until it is complete.'),
  started_at: time,
  ended_at: time.nullable(),
  ended_by: z
    .string()
    .nullable()
    .describe('`stop_recording`, `api`, `hangup`, `max_seconds`, or `recovery` after a crash.'),
  gaps: z.array(gap).describe('Where something was kept out.'),
  recovered: z.boolean().describe('Finished after a crash.'),
  error: fault.pick({ code: true, message: true }).optional().describe('What failed, if something did.'),
  created_at: time,
  updated_at: time,
});

export const recordingQuery = pageQuery.extend({
  call_id: z.string().optional(),
  status: recordingStatus.optional(),
});

export const recordingOrder = z.strictObject({
  action: z.string().default('start').describe('`start`, `stop`, `pause` or `resume`.'),
  mode: z.enum(['silence', 'skip']).optional().describe('With `pause`. Default: `silence`.'),
  channels: z.literal([1, 2]).optional().describe('With `start`. Default: 2.'),
  format: z.enum(['wav', 'mp3']).optional().describe('With `start`. Default: `wav`.'),
  max_seconds: z.int().min(1).max(14_400).optional().describe('With `start`. Default: 14,400.'),
});

export const RECORDING_ORDERS = ['start', 'stop', 'pause', 'resume'] as const;

export const recordingControl = z.object({
  data: z.object({
    call_id: id('call'),
    provider_call_id: z.string(),
    action: z.enum(RECORDING_ORDERS),
    recording,
  }),
});
