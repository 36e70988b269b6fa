import type { z } from 'zod';
import type { attempt as wireAttempt, event as wireEvent } from '../../../contract/resources/index.ts';
import { presentEventCall } from '../../calls/index.ts';
import { rfc3339 } from '../../core/index.ts';
import type { AttemptRecord, EventRecord } from '../../webhooks/index.ts';
import { timeOrNull } from '../time.ts';

export const presentEvent = (event: EventRecord): z.input<typeof wireEvent> => ({
  id: event.id,
  event: event.event,
  event_key: event.eventKey,
  sequence: event.sequence,
  call_id: event.callId,
  application_id: event.applicationId,
  created_at: rfc3339(event.createdAt),
  call: presentEventCall(event.call),
  data: plainData(event),
  state: event.state,
  attempts: event.attempts,
  next_attempt_at: timeOrNull(event.nextAttemptAt),
});

/** What is sealed stays where it is: what it stands for is masked. */
function plainData({ data: { sealed_digits: _sealed, ...data } }: EventRecord): Record<string, unknown> {
  return data;
}

export const presentAttempt = (attempt: AttemptRecord): z.input<typeof wireAttempt> => ({
  id: attempt.id,
  event_id: attempt.eventId,
  attempt: attempt.attempt,
  at: rfc3339(attempt.at),
  duration_ms: Math.round(attempt.durationMs),
  status: attempt.status,
  error: attempt.error,
  answer: attempt.answer,
});
