import { z } from 'zod';
import type { CallRecord, TimelineEntry } from '../../calls/index.ts';
import type { RecordingRecord } from '../../recordings/index.ts';
import type { AttemptRecord, EventRecord } from '../../webhooks/index.ts';
import {
  amount,
  count,
  duration,
  fault,
  key,
  line,
  object,
  routeMode,
  text,
  texts,
  time,
} from './columns.ts';
import { flag, json, tableOf } from './table.ts';

const status = z.enum(['dialing', 'ringing', 'in_progress', 'completed', 'failed', 'canceled']);
const direction = z.enum(['inbound', 'outbound']);

export const calls = tableOf<CallRecord>()('calls', {
  id: key,
  customerId: key,
  applicationId: key,
  providerCallId: text,
  status,
  direction,
  from: text,
  to: text,
  answerUrl: text,
  metadata: json(object),
  variables: json(texts),
  routeMode,
  routingTarget: text,
  createdAt: time,
  dialingAt: time.nullable(),
  ringingAt: time.nullable(),
  answeredAt: time.nullable(),
  endedAt: time.nullable(),
  reason: text.nullable(),
  endedBy: text.nullable(),
  sipStatus: z.int().nullable(),
  error: json(fault.nullable()),
  costAmount: amount.nullable(),
  costCurrency: text.nullable(),
  sipHeaders: json(texts.nullable()),
});

const gap = z.object({
  startMs: z.number(),
  endMs: z.number(),
  cause: z.enum(['pause', 'skip', 'sensitive']),
});

export const recordings = tableOf<RecordingRecord>()('recordings', {
  id: key,
  callId: key,
  customerId: key,
  applicationId: key,
  providerCallId: text,
  status: z.enum(['started', 'completed', 'failed']),
  storageType: z.enum(['local', 's3']),
  file: text,
  format: z.enum(['wav', 'mp3']),
  channels: z.union([z.literal(1), z.literal(2)]),
  sampleRate: z.int().min(1).max(384_000),
  createdAt: time,
  updatedAt: time,
  startedAt: time,
  endedAt: time.nullable(),
  endedBy: text.nullable(),
  durationMs: duration,
  sizeBytes: count,
  sha256: text.nullable(),
  gaps: json(z.array(gap)),
  recovered: flag,
  error: json(fault.nullable()),
});

/** The call inside an event: events of earlier versions may lack properties that were added later. */
const eventCall = z.object({
  id: key,
  customerId: key,
  applicationId: key,
  providerCallId: text,
  status,
  direction,
  from: text,
  to: text,
  routeMode,
  routingTarget: text,
  variables: texts,
});

export const events = tableOf<EventRecord>()('events', {
  id: key,
  callId: key,
  applicationId: key,
  event: line.min(1),
  sequence: z.int().min(1),
  eventKey: text,
  createdAt: time,
  call: json(eventCall),
  data: json(object),
  state: z.enum(['pending', 'delivered', 'dead', 'unsent']),
  attempts: count.max(1_000_000),
  nextAttemptAt: time.nullable(),
});

export const attempts = tableOf<AttemptRecord>()('attempts', {
  id: key,
  eventId: key,
  attempt: count,
  at: time,
  durationMs: duration,
  status: z.int().nullable(),
  error: text.nullable(),
  answer: text,
});

export const timeline = tableOf<TimelineEntry>()(
  'timeline',
  { callId: key, at: time, kind: text, data: json(object) },
  { key: ['callId', 'position'] },
);

/** The BYE request that ends a peer's call after a crash of this process. */
export interface PendingByeRecord {
  key: string;
  pendingBye: object;
}

/** The minimum that a BYE request needs; its other properties are checked when it is sent. */
const bye = z.object({
  method: z.literal('BYE'),
  target: line,
  callId: line,
  seq: count,
  from: line,
  to: line,
  headers: z.array(z.tuple([line, line])),
  account: line.optional(),
});

export const pendingByes = tableOf<PendingByeRecord>()(
  'pending_byes',
  { key, pendingBye: json(bye) },
  { key: ['key'] },
);
