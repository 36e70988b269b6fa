import { z } from 'zod';
import { gatherResult } from './actions/digits.ts';
import { eventCall } from './resources/call.ts';
import { errorInfo, recordingId, time, variables } from './resources/values.ts';

const common = {
  event_key: z
    .string()
    .describe(
      'Identifies the event: `<call_id>:<event>`, for the second event of the same name `<call_id>:<event>:2`.',
    ),
  sequence: z.int().min(1).describe('The number of the event in the call: 1, 2, 3, … without a gap.'),
};

const noData = z.object(common);

const ending = z.object({
  reason: z
    .string()
    .describe(
      '`normal`, `busy`, `no_answer`, `rejected`, `canceled`, `unreachable`, or the code of `error`, such as `answer_url_error`, `media_timeout`, `node_restarted`.',
    ),
  ended_by: z
    .enum(['caller', 'callee', 'application', 'system'])
    .describe('The party that ended the call; `system` is MiniVoice.'),
  duration_seconds: z.int().describe('Seconds from the creation of the call to its end, rounded down.'),
  billsec_seconds: z
    .int()
    .describe('Seconds from the answer to the end, rounded down; 0 if the call was not answered.'),
  sip_status: z.int().optional().describe('The SIP status that ended the call, if known.'),
  cost_amount: z
    .string()
    .optional()
    .describe('The cost of the outbound legs, such as `0.0125`; absent if nothing is billed.'),
  cost_currency: z.string().optional().describe('An ISO 4217 code, such as `EUR`.'),
  error: errorInfo.optional().describe('The error that ended the call.'),
  ...common,
});

const gathered = z.object({
  ...gatherResult.shape,
  min_digits: z.int().describe('As in the action.'),
  max_digits: z.int().describe('As in the action.'),
  timeout_seconds: z.int().describe('As in the action.'),
  finish_on_key: z.string().nullable().optional().describe('As in the action.'),
  ...common,
});

const file = {
  channels: z.int().describe('1 or 2 channels.'),
  format: z.enum(['wav', 'mp3']).describe('The file format.'),
};

const recordingStarted = z.object({
  recording_id: recordingId,
  status: z.literal('started'),
  ...file,
  ...common,
});

const recordingCompleted = z.object({
  recording_id: recordingId,
  status: z.literal('completed'),
  duration_seconds: z.int().describe('The length of the audio in seconds, rounded down.'),
  size_bytes: z.int().describe('The size of the file.'),
  duration_ms: z.int().describe('The length of the audio in milliseconds.'),
  sha256: z.string().describe('The SHA-256 of the file in hex.'),
  ended_by: z
    .string()
    .describe(
      'What ended the recording: `stop_recording`, `api`, `hangup`, `max_seconds`, or `recovery` after a crash.',
    ),
  recovered: z.boolean().optional().describe('True if the file was completed after a crash.'),
  ...file,
  ...common,
});

const recordingFailed = z.object({
  status: z.literal('failed'),
  error: errorInfo.describe('The error.'),
  recording_id: z
    .string()
    .optional()
    .describe('Absent if no recording was running; so are the following fields.'),
  duration_seconds: z
    .int()
    .optional()
    .describe('The length of the audio that was saved, in seconds, rounded down.'),
  size_bytes: z.int().optional().describe('The size of the file.'),
  duration_ms: z.int().optional().describe('The length of the audio that was saved, in milliseconds.'),
  channels: file.channels.optional(),
  format: file.format.optional(),
  sha256: z.string().nullable().optional().describe('The SHA-256 of the file in hex.'),
  ended_by: z.string().nullable().optional().describe('What ended the recording.'),
  recovered: z.boolean().optional().describe('True if the file was completed after a crash.'),
  ...common,
});

const partStatus = z.enum(['completed', 'failed']);

const analyzed = z.object({
  recording_id: recordingId,
  transcription: partStatus.describe('The result of the transcription.'),
  summary: partStatus.describe('The result of the summary.'),
  score: partStatus.describe('The result of the score.'),
  topics: partStatus.describe('The result of the topics.'),
  error: errorInfo.optional().describe('The error, if a part failed.'),
  ...common,
});

/** The definition of an event: when it is sent, the schema of its `data`, and an example without the common fields. */
interface EventDefinition {
  summary: string;
  data: z.ZodObject;
  example: Record<string, unknown>;
}

const normalEnd = { reason: 'normal', ended_by: 'caller', duration_seconds: 46, billsec_seconds: 42 };
const noAnswer = { duration_seconds: 12, billsec_seconds: 0 };

/** All events, in the order in which they occur in a call. */
export const EVENTS = {
  'call.created': {
    summary: 'An inbound call arrived, or an outbound call was created.',
    data: noData,
    example: {},
  },
  'call.answered': { summary: 'The call was answered and is in progress.', data: noData, example: {} },
  'call.gathered': {
    summary: 'A `gather` is complete.',
    data: gathered,
    example: {
      digits: '12345',
      status: 'completed',
      timed_out: false,
      min_digits: 5,
      max_digits: 5,
      timeout_seconds: 10,
      finish_on_key: null,
    },
  },
  'recording.started': {
    summary: 'A recording started.',
    data: recordingStarted,
    example: { recording_id: 'rec_call_123', status: 'started', channels: 2, format: 'wav' },
  },
  'recording.completed': {
    summary: 'A recording is complete, and its file is available.',
    data: recordingCompleted,
    example: {
      recording_id: 'rec_call_123',
      status: 'completed',
      duration_seconds: 120,
      size_bytes: 3_840_044,
      duration_ms: 120_000,
      channels: 2,
      format: 'wav',
      sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      ended_by: 'stop_recording',
    },
  },
  'recording.failed': {
    summary: 'A recording could not be started or saved, or there was no recording to stop.',
    data: recordingFailed,
    example: {
      status: 'failed',
      error: { code: 'recording_not_started', message: 'recording is not currently started' },
    },
  },
  'call.completed': {
    summary: 'The call ended normally.',
    data: ending,
    example: normalEnd,
  },
  'call.failed': {
    summary: 'The call ended because something failed or the call was rejected.',
    data: ending,
    example: {
      ...noAnswer,
      reason: 'answer_url_error',
      ended_by: 'application',
      error: { code: 'answer_url_error', message: 'invalid action payload' },
    },
  },
  'call.canceled': {
    summary: 'The caller hung up before the call was answered.',
    data: ending,
    example: { ...noAnswer, reason: 'canceled', ended_by: 'caller' },
  },
  'ai.completed': {
    summary: 'A recording was transcribed and analyzed. Sent if the application has `ai_events` set.',
    data: analyzed,
    example: {
      recording_id: 'rec_call_123',
      transcription: 'completed',
      summary: 'completed',
      score: 'completed',
      topics: 'completed',
    },
  },
  'ai.failed': {
    summary: 'A part of the transcription or analysis failed. Sent if the application has `ai_events` set.',
    data: analyzed,
    example: {
      recording_id: 'rec_call_123',
      transcription: 'failed',
      summary: 'failed',
      score: 'failed',
      topics: 'failed',
      error: { code: 'recognition_failed', message: 'the recording could not be transcribed' },
    },
  },
} as const satisfies Record<string, EventDefinition>;

export type EventName = keyof typeof EVENTS;

export const EVENT_NAMES = Object.keys(EVENTS) as EventName[];

/** The body of a webhook. */
export const envelope = (name: EventName) =>
  z.object({
    event: z.literal(name),
    created_at: time,
    call: eventCall.describe('The call at the time of the event.'),
    variables,
    data: EVENTS[name].data,
  });
