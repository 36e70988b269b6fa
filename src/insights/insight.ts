/** Who said something, by the channels of the recording: the caller is left, what the caller hears is right. */
export type Speaker = 'caller' | 'agent';

/** How the caller went away. */
export type Sentiment = 'positive' | 'neutral' | 'negative' | 'mixed';

/** Something that was said, in milliseconds from the beginning of its recording. */
export interface Segment {
  speaker: Speaker;
  text: string;
  startMs: number;
  endMs: number;
}

/** Why a part could not be made. */
export interface InsightError {
  code: string;
  message: string;
}

/** What was said on a recording. */
export interface Transcript {
  recordingId: string;
  callId: string;
  applicationId: string;
  status: 'completed' | 'failed';
  /** BCP 47; empty where nothing was said. */
  language: string;
  /** Who wrote it down. */
  engine: string;
  segments: Segment[];
  /** What was said, a line for each segment: this is searched. */
  fullText: string;
  error: InsightError | null;
  createdAt: number;
}

/** The place in a recording that a claim stands on. */
export interface Evidence {
  recordingId: string;
  startMs: number;
  endMs: number;
  speaker: Speaker;
  text: string;
}

/** A sentence about the call, and where it comes from. */
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
  /** What the outcome and the sentiment stand on. */
  outcomeEvidence: Evidence | null;
  sentimentEvidence: Evidence | null;
  /** 0–1: how far the sentiment and the outcome can be trusted. */
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
  /** As people say it. */
  topic: string;
  /** As it was said. */
  rawTopic: string;
  normalizedTopic: string;
  /** 0–1. */
  confidence: number;
  evidence: Evidence | null;
}

/** What is made of the transcripts of a call, each part by itself. */
export interface Parts {
  summary: Summary;
  score: Score;
  topics: Topic[];
}

export type PartName = keyof Parts;

export const PARTS: readonly PartName[] = ['summary', 'score', 'topics'];

/** A part of the analysis as it is kept. */
export interface Part<Name extends PartName = PartName> {
  callId: string;
  part: Name;
  applicationId: string;
  status: 'completed' | 'failed';
  engine: string;
  /** Null where it failed. */
  data: Parts[Name] | null;
  error: InsightError | null;
  createdAt: number;
}

/** One thing that a good call has. */
export interface ScorecardItem {
  name: string;
  /** The most points that it can give. */
  weight: number;
  /** What to look for: words and phrases for the embedded engine, a description for a language model. */
  lookFor: string[];
  /** Whose words count. */
  speaker: Speaker | 'any';
  /** Which part of the call counts. */
  where: 'start' | 'end' | 'anywhere';
}

export type Scorecard = ScorecardItem[];
