import { z } from 'zod';
import { parseHostPort } from '../../contract/network-address.ts';
import type { Account, Adjustment, ChargeRecord, Rate } from '../billing/index.ts';
import type { CallRecord, TimelineEntry } from '../calls/index.ts';
import type { ApiKey, Application, Customer, Did, Phone, Trunk, VerifiedNumber } from '../directory/index.ts';
import type { Job, Part, Transcript } from '../insights/index.ts';
import type { RecordingRecord } from '../recordings/index.ts';
import type { AttemptRecord, EventRecord } from '../webhooks/index.ts';

/** A schema for every property, so that the compiler finds the one that was forgotten. */
type Shape<T> = { [K in keyof T]-?: z.ZodType };

/** The end of the year 9999: what no date of ours reaches, and every date can be written. */
const LATEST = 253_402_300_799_999;

const text = z.string();
const key = z.string().min(1);
const time = z.number().min(0).max(LATEST);
const count = z.int().min(0);
const flag = z.boolean();
/** Micros: whole numbers that are exact. */
const amount = z.int();
const price = z.int().min(0);
const fault = z.object({ code: text, message: text });
const object = z.record(z.string(), z.unknown());
const texts = z.record(z.string(), z.string());
/** Text that goes into header fields of SIP: a line break would begin another field (RFC 3261 §25.1 allows tabs). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there.
const line = z.string().regex(/^[^\x00-\x08\x0a-\x1f\x7f]*$/, 'has control characters');

const callStatus = z.enum(['dialing', 'ringing', 'in_progress', 'completed', 'failed', 'canceled']);
const direction = z.enum(['inbound', 'outbound']);
const routeMode = z.enum(['webhook', 'reject', 'sip']);

export const callRow = z.object({
  id: key,
  customerId: key,
  applicationId: key,
  providerCallId: text,
  status: callStatus,
  direction,
  from: text,
  to: text,
  answerUrl: text,
  metadata: object,
  variables: texts,
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
  error: fault.nullable(),
  costAmount: amount.nullable(),
  costCurrency: text.nullable(),
  sipHeaders: texts.nullable(),
} satisfies Shape<CallRecord>);

export const recordingRow = z.object({
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
  durationMs: z.number().min(0).max(LATEST),
  sizeBytes: count,
  sha256: text.nullable(),
  gaps: z.array(
    z.object({ startMs: z.number(), endMs: z.number(), cause: z.enum(['pause', 'skip', 'sensitive']) }),
  ),
  recovered: flag,
  error: fault.nullable(),
} satisfies Shape<RecordingRecord>);

/** What an event says of its call: that of former versions may lack what was added since. */
const eventCall = z.object({
  id: key,
  customerId: key,
  applicationId: key,
  providerCallId: text,
  status: callStatus,
  direction,
  from: text,
  to: text,
  routeMode,
  routingTarget: text,
  variables: texts,
});

export const eventRow = z.object({
  id: key,
  callId: key,
  applicationId: key,
  event: line.min(1),
  sequence: z.int().min(1),
  eventKey: text,
  createdAt: time,
  call: eventCall,
  data: object,
  state: z.enum(['pending', 'delivered', 'dead', 'unsent']),
  attempts: count.max(1_000_000),
  nextAttemptAt: time.nullable(),
} satisfies Shape<EventRecord>);

export const attemptRow = z.object({
  id: key,
  eventId: key,
  attempt: count,
  at: time,
  durationMs: z.number().min(0).max(LATEST),
  status: z.int().nullable(),
  error: text.nullable(),
  answer: text,
} satisfies Shape<AttemptRecord>);

export const timelineRow = z.object({
  callId: key,
  at: time,
  kind: text,
  data: object,
} satisfies Shape<TimelineEntry>);

export const customerRow = z.object({ id: key, name: text, createdAt: time } satisfies Shape<Customer>);

const scorecardItem = z.object({
  name: text,
  weight: z.number(),
  lookFor: z.array(text),
  speaker: z.enum(['caller', 'agent', 'any']),
  where: z.enum(['start', 'end', 'anywhere']),
});

const aiSettings = z.object({
  baseUrl: text,
  apiKey: text.nullable(),
  transcriptionModel: text.nullable(),
  chatModel: text.nullable(),
  speechModel: text.nullable(),
  speechVoice: text.nullable(),
});

export const applicationRow = z.object({
  id: key,
  customerId: key,
  name: text,
  answerUrl: text,
  answerMethod: z.enum(['GET', 'POST']),
  fallbackAnswerUrl: text.nullable(),
  webhookUrl: text.nullable(),
  webhookSecrets: z.array(text),
  faultMessage: text.nullable(),
  voice: text.nullable(),
  language: text.nullable(),
  aiEnabled: flag,
  recordCalls: flag,
  aiEvents: flag,
  scorecard: z.array(scorecardItem).nullable(),
  ai: aiSettings.nullable(),
  createdAt: time,
  updatedAt: time,
} satisfies Shape<Application>);

export const keyRow = z.object({
  id: key,
  applicationId: key,
  sha256: key,
  hint: text,
  createdAt: time,
  expiresAt: time.nullable(),
} satisfies Shape<ApiKey>);

export const didRow = z.object({
  id: key,
  customerId: key,
  applicationId: key.nullable(),
  numberE164: line.min(1),
  provider: text,
  status: z.enum(['active', 'inactive']),
  routeMode,
  routingTarget: line.nullable(),
  createdAt: time,
  updatedAt: time,
} satisfies Shape<Did>);

const host = z
  .string()
  .refine((value) => parseHostPort(value) !== undefined, 'is not a host or an address, with a possible port');

export const trunkRow = z.object({
  id: key,
  customerId: key.nullable(),
  name: text,
  proxy: host,
  username: line.nullable(),
  password: text.nullable(),
  realm: line.nullable(),
  fromDomain: host.nullable(),
  inboundIp: line.nullable(),
  isActive: flag,
  gatewayName: line.min(1),
  transport: z.enum(['udp', 'tcp', 'tls']),
  register: flag,
  srtp: flag,
  country: line.nullable(),
  callerIds: z.enum(['owned', 'any']),
  forwardCallerId: flag,
  createdAt: time,
  updatedAt: time,
} satisfies Shape<Trunk>);

export const verifiedNumberRow = z.object({
  id: key,
  customerId: key,
  numberE164: line.min(1),
  createdAt: time,
} satisfies Shape<VerifiedNumber>);

export const phoneRow = z.object({
  id: key,
  customerId: key,
  username: line.min(1),
  ha1: text,
  createdAt: time,
} satisfies Shape<Phone>);

export const accountRow = z.object({
  customerId: key,
  currency: z.string().regex(/^[A-Z]{3}$/, 'is not a currency'),
  billing: flag,
  spendLimit: amount.nullable(),
  spendPeriod: z.enum(['day', 'month', 'total']),
  callsPerSecond: count.nullable(),
  concurrentCalls: count.nullable(),
  updatedAt: time,
} satisfies Shape<Account>);

const terms = { pricePerMinute: price, firstIncrement: count.min(1), furtherIncrement: count.min(1) };

export const rateRow = z.object({
  id: key,
  customerId: key.nullable(),
  prefix: key,
  currency: text,
  ...terms,
  createdAt: time,
} satisfies Shape<Rate>);

export const adjustmentRow = z.object({
  id: key,
  customerId: key,
  amount,
  currency: text,
  note: text,
  createdAt: time,
} satisfies Shape<Adjustment>);

export const chargeRow = z.object({
  legId: key,
  callLegId: text,
  callId: text,
  customerId: key,
  applicationId: text,
  destination: text,
  prefix: text,
  currency: text,
  ...terms,
  status: z.enum(['reserved', 'settled', 'released']),
  reserved: price,
  amount: price,
  billedSeconds: count,
  createdAt: time,
  answeredAt: time.nullable(),
  settledAt: time.nullable(),
} satisfies Shape<ChargeRecord>);

const speaker = z.enum(['caller', 'agent']);

export const transcriptRow = z.object({
  recordingId: key,
  callId: key,
  applicationId: key,
  status: z.enum(['completed', 'failed']),
  language: text,
  engine: text,
  segments: z.array(z.object({ speaker, text, startMs: z.number(), endMs: z.number() })),
  fullText: text,
  error: fault.nullable(),
  createdAt: time,
} satisfies Shape<Transcript>);

const evidence = z
  .object({ recordingId: text, startMs: z.number(), endMs: z.number(), speaker, text })
  .nullable();
const claim = z.object({ text, evidence });

/** What a part holds, by its name. */
const partData = {
  summary: z.object({
    summary: text,
    outcome: text,
    sentiment: z.enum(['positive', 'neutral', 'negative', 'mixed']),
    actionItems: z.array(claim),
    keyPoints: z.array(claim),
    outcomeEvidence: evidence.optional(),
    sentimentEvidence: evidence.optional(),
    confidence: z.number(),
  }),
  score: z.object({
    items: z.array(z.object({ name: text, score: z.number(), maxScore: z.number(), reason: text, evidence })),
    confidence: z.number(),
  }),
  topics: z.array(
    z.object({
      topic: text,
      rawTopic: text,
      normalizedTopic: text,
      confidence: z.number(),
      evidence: evidence.optional(),
    }),
  ),
};

export const partRow = z
  .object({
    callId: key,
    part: z.enum(['summary', 'score', 'topics']),
    applicationId: key,
    status: z.enum(['completed', 'failed']),
    engine: text,
    data: z.unknown(),
    error: fault.nullable(),
    createdAt: time,
  } satisfies Shape<Part>)
  .refine(({ part, status, data }) => {
    return data === null ? status === 'failed' : partData[part].safeParse(data).success;
  }, 'data is not what such a part holds');

export const jobRow = z.object({
  recordingId: key,
  callId: key,
  applicationId: key,
  createdAt: time,
  dueAt: time,
  attempts: count,
  claim: count,
  node: z.int().nullable(),
  lastError: text.nullable(),
} satisfies Shape<Job>);

/** What it takes to hang up on a peer: the rest is read when it is used. */
export const pendingByeRow = z.object({
  key,
  pendingBye: z.object({
    method: z.literal('BYE'),
    target: line,
    callId: line,
    seq: count,
    from: line,
    to: line,
    headers: z.array(z.tuple([line, line])),
    account: line.optional(),
  }),
});
