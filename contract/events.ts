import { z } from 'zod';
import { gatherResult } from './answer-request.ts';
import { eventCall } from './resources/call.ts';
import { fault, time, variables } from './resources/values.ts';

const common = {
  event_key: z.string().describe('`<call_id>:<event>`; for the second of its kind `<call_id>:<event>:2`.'),
  sequence: z.int().min(1).describe("Counts the call's events: 1, 2, 3, … without a gap."),
};

const plain = z.object(common);

const ending = z.object({
  reason: z
    .string()
    .describe(
      '`normal`, `busy`, `no_answer`, `rejected`, `canceled`, `unreachable`, or the code of `error`, such as `answer_url_error`, `media_timeout`, `node_restarted`.',
    ),
  ended_by: z.enum(['caller', 'callee', 'application', 'system']),
  duration_seconds: z.int().describe('From creation to end.'),
  billsec_seconds: z.int().describe('From answer to end; 0 where nobody answered.'),
  sip_status: z.int().optional().describe('The SIP status that ended it, where one is known.'),
  cost_amount: z
    .string()
    .optional()
    .describe('What its outbound legs have cost, such as `0.0125`; absent where nothing is charged.'),
  cost_currency: z.string().optional().describe('ISO 4217, such as `EUR`.'),
  error: fault.optional(),
  ...common,
});

const gathered = z.object({
  ...gatherResult.shape,
  min_digits: z.int(),
  max_digits: z.int(),
  timeout_seconds: z.int(),
  finish_on_key: z.string().nullable().optional(),
  ...common,
});

const file = { channels: z.int(), format: z.enum(['wav', 'mp3']) };

const recordingStarted = z.object({
  recording_id: z.string(),
  status: z.literal('started'),
  ...file,
  ...common,
});

const recordingCompleted = z.object({
  recording_id: z.string(),
  status: z.literal('completed'),
  duration_seconds: z.int().describe('Samples ÷ rate, rounded down.'),
  size_bytes: z.int().describe('Of the file on disk.'),
  duration_ms: z.int().describe('Exact.'),
  sha256: z.string().describe('Of the file, in hex.'),
  ended_by: z
    .string()
    .describe('`stop_recording`, `api`, `hangup`, `max_seconds`, or `recovery` after a crash.'),
  recovered: z.boolean().optional().describe('True where the file was finished after a crash.'),
  ...file,
  ...common,
});

const recordingFailed = z.object({
  status: z.literal('failed'),
  error: fault,
  recording_id: z.string().optional().describe('Absent where none was running; so is what follows.'),
  duration_seconds: z.int().optional().describe('What could be saved of it.'),
  size_bytes: z.int().optional(),
  duration_ms: z.int().optional(),
  channels: z.int().optional(),
  format: z.enum(['wav', 'mp3']).optional(),
  sha256: z.string().nullable().optional(),
  ended_by: z.string().nullable().optional(),
  recovered: z.boolean().optional(),
  ...common,
});

const partStatus = z.enum(['completed', 'failed']);

const analysed = z.object({
  recording_id: z.string(),
  transcription: partStatus,
  summary: partStatus,
  score: partStatus,
  topics: partStatus,
  error: fault.optional(),
  ...common,
});

/** What an event is, what its `data` holds, and what that looks like (without key and sequence). */
interface EventDefinition {
  summary: string;
  data: z.ZodObject;
  example: Record<string, unknown>;
}

const normalEnd = { reason: 'normal', ended_by: 'caller', duration_seconds: 46, billsec_seconds: 42 };
const noAnswer = { duration_seconds: 12, billsec_seconds: 0 };

/** Every event there is, in the order in which a call has them. */
export const EVENTS = {
  'call.created': { summary: 'A call has come in, or one was created.', data: plain, example: {} },
  'call.answered': { summary: 'The call was answered: it is in progress.', data: plain, example: {} },
  'call.gathered': {
    summary: 'A `gather` has ended.',
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
    summary: 'A recording has begun.',
    data: recordingStarted,
    example: { recording_id: 'rec_call_123', status: 'started', channels: 2, format: 'wav' },
  },
  'recording.completed': {
    summary: 'A recording is complete and its file can be read.',
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
    summary: 'A recording could not be started or kept, or there was none to stop.',
    data: recordingFailed,
    example: {
      status: 'failed',
      error: { code: 'recording_not_started', message: 'recording is not currently started' },
    },
  },
  'call.completed': {
    summary: 'The call is over, and went as it should.',
    data: ending,
    example: normalEnd,
  },
  'call.failed': {
    summary: 'The call is over because something failed, or was refused.',
    data: ending,
    example: {
      ...noAnswer,
      reason: 'answer_url_error',
      ended_by: 'application',
      error: { code: 'answer_url_error', message: 'invalid action payload' },
    },
  },
  'call.canceled': {
    summary: 'The caller gave up before the call was answered.',
    data: ending,
    example: { ...noAnswer, reason: 'canceled', ended_by: 'caller' },
  },
  'ai.completed': {
    summary: 'A recording was transcribed and analysed. Sent where the application has `ai_events` on.',
    data: analysed,
    example: {
      recording_id: 'rec_call_123',
      transcription: 'completed',
      summary: 'completed',
      score: 'completed',
      topics: 'completed',
    },
  },
  'ai.failed': {
    summary: 'Some of it could not be made. Sent where the application has `ai_events` on.',
    data: analysed,
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
    call: eventCall.describe('The call as it was at that moment.'),
    variables,
    data: EVENTS[name].data,
  });
