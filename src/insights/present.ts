import type { z } from 'zod';
import type {
  aiScore,
  aiSummary,
  aiTopics,
  foundTranscription,
  segment,
  transcription,
} from '../../contract/resources/index.ts';
import { rfc3339 } from '../core/index.ts';
import type { Evidence, Part, PartName, Parts, ScoreItem, Segment, Topic, Transcript } from './insight.ts';

/** Stored transcripts and analysis of a call, and what is still in progress. */
export interface CallInsights {
  transcripts: Transcript[];
  parts: Part[];
  /** Recordings in the queue. */
  pending: string[];
}

type Status = 'processing' | 'completed' | 'failed';

/** Presents the transcription of a call; undefined if there is none and none is in progress. */
export function presentTranscription({
  transcripts,
  pending,
}: CallInsights): z.input<typeof transcription> | undefined {
  if (transcripts.length === 0 && pending.length === 0) return undefined;
  const done = transcripts.filter(({ status }) => status === 'completed');
  const waiting = pending.some((id) => !done.some(({ recordingId }) => recordingId === id));
  const status: Status = waiting ? 'processing' : done.length > 0 ? 'completed' : 'failed';
  return {
    status,
    language: done.find(({ language }) => language !== '')?.language ?? '',
    full_text: done.map(({ fullText }) => fullText).join('\n'),
    segments: done.flatMap(({ recordingId, segments }) =>
      segments.map((one) => presentSegment(one, recordingId)),
    ),
    engine: done[0]?.engine ?? '',
    ...errorOf(
      status,
      transcripts.find(({ error }) => error),
    ),
  };
}

const presentSegment = (
  { speaker, text, startMs, endMs }: Segment,
  recordingId: string,
): z.input<typeof segment> => ({
  speaker,
  text,
  start_ms: startMs,
  end_ms: endMs,
  recording_id: recordingId,
});

export function presentSummary(known: CallInsights): z.input<typeof aiSummary> | undefined {
  const part = partOf(known, 'summary');
  if (!part) return undefined;
  const { data } = part;
  return {
    status: part.status,
    summary: data?.summary ?? '',
    outcome: data?.outcome ?? '',
    sentiment: data?.sentiment ?? null,
    action_items: data?.actionItems.map(({ text }) => text) ?? [],
    key_points: data?.keyPoints.map(({ text }) => text) ?? [],
    evidence: {
      outcome: presentEvidence(data?.outcomeEvidence),
      sentiment: presentEvidence(data?.sentimentEvidence),
      action_items: data?.actionItems.map(({ evidence }) => presentEvidence(evidence)) ?? [],
      key_points: data?.keyPoints.map(({ evidence }) => presentEvidence(evidence)) ?? [],
    },
    confidence: data?.confidence ?? 0,
    ...part.origin,
  };
}

export function presentScore(known: CallInsights): z.input<typeof aiScore> | undefined {
  const part = partOf(known, 'score');
  if (!part) return undefined;
  const items = part.data?.items ?? [];
  const total = items.reduce((sum, { score }) => sum + score, 0);
  const most = items.reduce((sum, { maxScore }) => sum + maxScore, 0);
  return {
    status: part.status,
    total_score: total,
    max_score: most,
    percentage: most > 0 ? Math.round((1000 * total) / most) / 10 : 0,
    items: items.map(presentScoreItem),
    confidence: part.data?.confidence ?? 0,
    ...part.origin,
  };
}

function presentScoreItem({ name, score, maxScore, reason, evidence }: ScoreItem) {
  const quoted = evidence ? `[${minutes(evidence.startMs)}] ${evidence.text}` : '';
  return {
    name,
    score,
    max_score: maxScore,
    reason,
    evidence: quoted,
    evidence_at: presentEvidence(evidence),
  };
}

export function presentTopics(known: CallInsights): z.input<typeof aiTopics> | undefined {
  const part = partOf(known, 'topics');
  if (!part) return undefined;
  const data = part.data?.map(presentTopic) ?? [];
  return { count: data.length, data, status: part.status, ...part.origin };
}

const presentTopic = ({ topic, rawTopic, normalizedTopic, confidence, evidence }: Topic) => ({
  topic,
  raw_topic: rawTopic,
  normalized_topic: normalizedTopic,
  confidence,
  evidence: presentEvidence(evidence),
});

/** Presents a search result, with the segments that match the query. */
export function presentFoundTranscript(transcript: Transcript, q = ''): z.input<typeof foundTranscription> {
  const { callId, recordingId, applicationId, language, engine, createdAt, segments } = transcript;
  const roots = (q.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).map(rootOf);
  const says = ({ text }: Segment) =>
    (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).some((word) => roots.includes(rootOf(word)));
  return {
    call_id: callId,
    recording_id: recordingId,
    application_id: applicationId,
    language,
    engine,
    created_at: rfc3339(createdAt),
    matches: segments.filter(says).map((one) => presentSegment(one, recordingId)),
  };
}

/** Approximates the stemming of the search index. */
const rootOf = (word: string): string =>
  word.length > 4
    ? word
        .replace(/(ings?|ed|es|s)$/, '')
        .replace(/(.)\1$/, '$1')
        .replace(/[ey]$/, '')
    : word;

/** Finds a part of the analysis, which may still be in progress. */
function partOf<Name extends PartName>({ parts, pending }: CallInsights, name: Name) {
  const part = parts.find((one): one is Part<Name> => one.part === name);
  if (!part && pending.length === 0) return undefined;
  const status: Status = part?.status ?? 'processing';
  const data: Parts[Name] | null = part?.data ?? null;
  return { status, data, origin: { engine: part?.engine ?? '', ...errorOf(status, part) } };
}

const errorOf = (status: Status, made?: { error: Transcript['error'] }) =>
  status === 'failed' && made?.error ? { error: made.error } : {};

const presentEvidence = (evidence: Evidence | null | undefined) =>
  evidence
    ? {
        recording_id: evidence.recordingId,
        speaker: evidence.speaker,
        start_ms: evidence.startMs,
        end_ms: evidence.endMs,
        text: evidence.text,
      }
    : null;

/** Formats a time as `00:12`, or as `1:00:12` beyond an hour. */
function minutes(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  return `${hours > 0 ? `${hours}:` : ''}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
