import { z } from 'zod';
import type { Job, Part, Transcript } from '../../insights/index.ts';
import { count, fault, key, text, time } from './columns.ts';
import { json, tableOf } from './table.ts';

const speaker = z.enum(['caller', 'agent']);

export const transcripts = tableOf<Transcript>()(
  'transcripts',
  {
    recordingId: key,
    callId: key,
    applicationId: key,
    status: z.enum(['completed', 'failed']),
    language: text,
    engine: text,
    segments: json(z.array(z.object({ speaker, text, startMs: z.number(), endMs: z.number() }))),
    fullText: text,
    error: json(fault.nullable()),
    createdAt: time,
  },
  { key: ['recordingId'] },
);

const evidence = z
  .object({ recordingId: text, startMs: z.number(), endMs: z.number(), speaker, text })
  .nullable();
const claim = z.object({ text, evidence });

/** The data of a part, by its name. */
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

export const insightParts = tableOf<Part>()(
  'insight_parts',
  {
    callId: key,
    part: z.enum(['summary', 'score', 'topics']),
    applicationId: key,
    status: z.enum(['completed', 'failed']),
    engine: text,
    data: json(z.unknown()),
    error: json(fault.nullable()),
    createdAt: time,
  },
  {
    key: ['callId', 'part'],
    check: {
      isValid: ({ part, status, data }) =>
        data === null ? status === 'failed' : partData[part].safeParse(data).success,
      message: 'data does not fit the part',
    },
  },
);

export const insightJobs = tableOf<Job>()(
  'insight_jobs',
  {
    recordingId: key,
    callId: key,
    applicationId: key,
    createdAt: time,
    dueAt: time,
    attempts: count,
    claim: count,
    node: z.int().nullable(),
    lastError: text.nullable(),
  },
  { key: ['recordingId'] },
);
