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
    .describe('`normal`, `busy`, `no_answer`, `rejected`, `canceled`, `unreachable`, `answer_url_error`, …'),
  ended_by: z.enum(['caller', 'application', 'system']),
  duration_seconds: z.int().describe('From creation to end.'),
  billsec_seconds: z.int().describe('From answer to end; 0 where nobody answered.'),
  sip_status: z.int().optional().describe('The SIP status that ended it, where one is known.'),
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

const recordingStarted = z.object({
  recording_id: z.string(),
  status: z.literal('started'),
  ...common,
});

const recordingCompleted = z.object({
  recording_id: z.string(),
  status: z.literal('completed'),
  duration_seconds: z.int(),
  duration_ms: z.int(),
  size_bytes: z.int(),
  channels: z.int(),
  format: z.string(),
  sha256: z.string(),
  ended_by: z.string().describe('`stop_recording`, `api`, `hangup`, `max_seconds`, `recovery`.'),
  ...common,
});

const recordingFailed = z.object({
  recording_id: z.string().optional().describe('Absent where none was running.'),
  status: z.literal('failed').optional(),
  error: fault,
  ...common,
});

/** What an event is and what its `data` holds. */
interface EventDefinition {
  summary: string;
  data: z.ZodObject;
}

/** Every event there is, in the order in which a call has them. */
export const EVENTS = {
  'call.created': { summary: 'A call has come in, or one was created.', data: plain },
  'call.answered': { summary: 'The call was answered: it is in progress.', data: plain },
  'call.gathered': { summary: 'A `gather` has ended.', data: gathered },
  'recording.started': { summary: 'A recording has begun.', data: recordingStarted },
  'recording.completed': { summary: 'A recording is complete and can be read.', data: recordingCompleted },
  'recording.failed': { summary: 'A recording could not be started or kept.', data: recordingFailed },
  'call.completed': { summary: 'The call is over, and went as it should.', data: ending },
  'call.failed': { summary: 'The call is over because something failed.', data: ending },
  'call.canceled': { summary: 'The caller gave up before the call was answered.', data: ending },
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
