import { z } from 'zod';
import { call } from './call.ts';
import { fault, id, pageQuery, time } from './values.ts';

const speaker = z
  .enum(['caller', 'agent'])
  .describe('By the channel: the caller left, what the caller hears right.');
const ms = z.int().describe('From the beginning of the recording, in milliseconds.');
const error = fault.pick({ code: true, message: true }).optional().describe('Why it failed, where it did.');
const engine = z
  .string()
  .describe('Whose work it is: `moonshine-base`, `heuristic`, or the model that was asked.');
const confidence = z.number().describe('0 to 1: how far it can be trusted. Rules never say more than 0.7.');

const status = z
  .enum(['processing', 'completed', 'failed'])
  .describe('Of this part alone: one that has failed says nothing of the others.');

/** The place in a recording that a claim stands on. */
const evidence = z
  .object({ recording_id: z.string(), speaker, start_ms: ms, end_ms: ms, text: z.string() })
  .nullable()
  .describe('What was said, and where; null where nothing in particular shows it.');

export const segment = z.object({
  speaker,
  text: z.string(),
  start_ms: ms,
  end_ms: ms,
  recording_id: z.string(),
});

export const transcription = z.object({
  status,
  language: z.string().describe('BCP 47; empty where nothing was said.'),
  full_text: z.string().describe('A line for each segment.'),
  segments: z.array(segment).describe('In order of time, one recording after the other.'),
  engine,
  error,
});

export const aiSummary = z.object({
  status,
  summary: z.string(),
  outcome: z.string().describe('The heuristic says `resolved`, `follow_up`, `unresolved` or `unknown`.'),
  sentiment: z
    .enum(['positive', 'neutral', 'negative', 'mixed'])
    .nullable()
    .describe("The caller's; null until known."),
  action_items: z.array(z.string()),
  key_points: z.array(z.string()),
  evidence: z
    .object({
      outcome: evidence,
      sentiment: evidence,
      action_items: z.array(evidence).describe('One for each of the action items.'),
      key_points: z.array(evidence).describe('One for each of the key points.'),
    })
    .describe('What each claim stands on.'),
  confidence,
  engine,
  error,
});

export const aiScore = z.object({
  status,
  total_score: z.number(),
  max_score: z.number(),
  percentage: z.number().describe('0 to 100, with one decimal.'),
  items: z.array(
    z.object({
      name: z.string(),
      score: z.number(),
      max_score: z.number(),
      reason: z.string(),
      evidence: z
        .string()
        .describe('What was said, with its time: `[00:12] Good morning.` Empty where there is none.'),
      evidence_at: evidence,
    }),
  ),
  confidence,
  engine,
  error,
});

export const aiTopic = z.object({
  topic: z.string(),
  raw_topic: z.string().describe('As it was said.'),
  normalized_topic: z.string().describe('In a form to count by.'),
  confidence,
  evidence,
});

export const aiTopics = z.object({
  count: z.int(),
  data: z.array(aiTopic),
  status,
  engine,
  error,
});

/** All of it. A part that there is not is null. */
export const ai = z.object({
  data: z.object({
    call,
    transcription: transcription.nullable(),
    summary: aiSummary.nullable(),
    score: aiScore.nullable(),
    topics: aiTopics.nullable(),
  }),
});

export const aiReprocessing = z.object({
  data: z.object({
    call_id: id('call'),
    status: z.literal('processing'),
    recordings: z.int().describe('How many are transcribed anew.'),
  }),
});

export const transcriptionQuery = pageQuery.extend({
  q: z.string().max(500).optional().describe('All of these words, in any form; phrases in quotation marks.'),
});

/** A transcript that was found. */
export const foundTranscription = z.object({
  call_id: id('call'),
  recording_id: z.string(),
  application_id: id('app'),
  language: z.string(),
  engine,
  created_at: time,
  matches: z.array(segment).describe('The segments in which any of the words is said.'),
});
