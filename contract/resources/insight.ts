import { z } from 'zod';
import { call } from './call.ts';
import { createdAt, errorInfo, id, pageQuery, recordingId } from './values.ts';

const speaker = z
  .enum(['caller', 'agent'])
  .describe('Derived from the channel of the recording: the caller is on the left channel.');
const ms = z.int().describe('Milliseconds since the start of the recording.');
const error = errorInfo
  .pick({ code: true, message: true })
  .optional()
  .describe('The error, if this part failed.');
const engine = z
  .string()
  .describe('The engine: `moonshine-base`, `heuristic`, or the model of the AI server.');
const confidence = z.number().describe('The confidence, 0 to 1. The built-in heuristic never exceeds 0.7.');

const status = z
  .enum(['processing', 'completed', 'failed'])
  .describe('The state of this part; the other parts have their own state.');

/** The passage of a recording that supports a statement. */
const evidence = z
  .object({ recording_id: recordingId, speaker, start_ms: ms, end_ms: ms, text: z.string() })
  .nullable()
  .describe('The supporting passage; null if there is none.');

export const segment = z.object({
  speaker,
  text: z.string().describe('The text of the segment.'),
  start_ms: ms,
  end_ms: ms,
  recording_id: recordingId,
});

export const transcription = z.object({
  status,
  language: z.string().describe('A BCP 47 tag; empty if nobody spoke.'),
  full_text: z.string().describe('The text of all segments, one line each.'),
  segments: z.array(segment).describe('The segments in chronological order, one recording after the other.'),
  engine,
  error,
});

export const aiSummary = z.object({
  status,
  summary: z.string().describe('The summary in a few sentences.'),
  outcome: z
    .string()
    .describe(
      'The outcome. The built-in heuristic uses `resolved`, `follow_up`, `unresolved` and `unknown`.',
    ),
  sentiment: z
    .enum(['positive', 'neutral', 'negative', 'mixed'])
    .nullable()
    .describe('The sentiment of the caller; null until known.'),
  action_items: z.array(z.string()).describe('The tasks that follow from the call.'),
  key_points: z.array(z.string()).describe('The main points of the call.'),
  evidence: z
    .object({
      outcome: evidence,
      sentiment: evidence,
      action_items: z.array(evidence).describe('One entry for each action item.'),
      key_points: z.array(evidence).describe('One entry for each key point.'),
    })
    .describe('The supporting passages.'),
  confidence,
  engine,
  error,
});

export const aiScore = z.object({
  status,
  total_score: z.number().describe('The sum of the scores.'),
  max_score: z.number().describe('The sum of the maximum scores.'),
  percentage: z.number().describe('The score in percent, 0 to 100 with one decimal.'),
  items: z.array(
    z.object({
      name: z.string().describe('The name of the criterion.'),
      score: z.number().describe('The score of the call.'),
      max_score: z.number().describe('The maximum score of the criterion.'),
      reason: z.string().describe('The reason for the score.'),
      evidence: z
        .string()
        .describe(
          'The supporting passage with its time, such as `[00:12] Good morning.`; empty if there is none.',
        ),
      evidence_at: evidence,
    }),
  ),
  confidence,
  engine,
  error,
});

export const aiTopic = z.object({
  topic: z.string().describe('The topic.'),
  raw_topic: z.string().describe('The topic in the words of the call.'),
  normalized_topic: z.string().describe('The topic in a normalized form, for statistics.'),
  confidence,
  evidence,
});

export const aiTopics = z.object({
  count: z.int().describe('The number of topics.'),
  data: z.array(aiTopic).describe('The topics.'),
  status,
  engine,
  error,
});

/** All parts; a part that does not exist is null. */
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
    status: z.literal('processing').describe('The state of the new transcript and analysis.'),
    recordings: z.int().describe('The number of recordings that are processed again.'),
  }),
});

export const transcriptionQuery = pageQuery.extend({
  q: z
    .string()
    .max(500)
    .optional()
    .describe('Words that must all occur, in any inflection. Phrases in quotation marks.'),
});

/** A search result. */
export const foundTranscription = z.object({
  call_id: id('call'),
  recording_id: recordingId,
  application_id: id('app'),
  language: z.string().describe('A BCP 47 tag; empty if nobody spoke.'),
  engine,
  created_at: createdAt,
  matches: z.array(segment).describe('The segments that contain any of the words.'),
});
