/** A speaker, by channel of the recording: the caller is left, everything the caller hears is right. */
export type Speaker = 'caller' | 'agent';

/** The mood of the caller at the end of the call. */
export type Sentiment = 'positive' | 'neutral' | 'negative' | 'mixed';

/** A piece of speech; times are milliseconds from the start of its recording. */
export interface Segment {
  speaker: Speaker;
  text: string;
  startMs: number;
  endMs: number;
}

/** A segment of a call and its recording. */
export interface SpokenSegment extends Segment {
  recordingId: string;
}

/** Why a transcription or an analysis failed. */
export interface InsightError {
  code: string;
  message: string;
}

/** The transcript of a recording. */
export interface Transcript {
  recordingId: string;
  callId: string;
  applicationId: string;
  status: 'completed' | 'failed';
  /** BCP 47; empty if nothing was said. */
  language: string;
  /** Name of the engine. */
  engine: string;
  segments: Segment[];
  /** One line per segment; the text that search uses. */
  fullText: string;
  error: InsightError | null;
  createdAt: number;
}

/** The segment of a recording that supports a claim. */
export interface Evidence {
  recordingId: string;
  startMs: number;
  endMs: number;
  speaker: Speaker;
  text: string;
}

/** A statement about the call and its evidence. */
export interface Claim {
  text: string;
  evidence: Evidence | null;
}

export interface Summary {
  summary: string;
  outcome: string;
  sentiment: Sentiment;
  actionItems: Claim[];
  keyPoints: Claim[];
  /** Evidence of the outcome and of the sentiment. */
  outcomeEvidence: Evidence | null;
  sentimentEvidence: Evidence | null;
  /** Confidence in sentiment and outcome, 0–1. */
  confidence: number;
}

export interface ScoreItem {
  name: string;
  score: number;
  maxScore: number;
  reason: string;
  evidence: Evidence | null;
}

export interface Score {
  items: ScoreItem[];
  confidence: number;
}

export interface Topic {
  /** Display name. */
  topic: string;
  /** The words of the call. */
  rawTopic: string;
  normalizedTopic: string;
  /** 0–1. */
  confidence: number;
  evidence: Evidence | null;
}

/** The parts of the analysis of a call. */
export interface Parts {
  summary: Summary;
  score: Score;
  topics: Topic[];
}

export type PartName = keyof Parts;

export const PARTS: readonly PartName[] = ['summary', 'score', 'topics'];

/** A part of an analysis as it is stored. */
export interface Part<Name extends PartName = PartName> {
  callId: string;
  part: Name;
  applicationId: string;
  status: 'completed' | 'failed';
  engine: string;
  /** Null if it failed. */
  data: Parts[Name] | null;
  error: InsightError | null;
  createdAt: number;
}

/** A criterion of a good call. */
export interface ScorecardItem {
  name: string;
  /** Maximum points. */
  weight: number;
  /** Words and phrases for the embedded engine, or a description for a language model. */
  lookFor: string[];
  /** The speaker whose words count. */
  speaker: Speaker | 'any';
  /** The part of the call that counts. */
  where: 'start' | 'end' | 'anywhere';
}

export type Scorecard = ScorecardItem[];
