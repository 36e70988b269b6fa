import type { Summary } from '../insight.ts';
import { actionItemsOf, keyPointsOf, needOf } from './claims.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import type { Sentence } from './sentences.ts';
import { moodOf } from './sentiment.ts';

const ENDINGS: Record<Outcome, string> = {
  resolved: 'The matter seems to be resolved.',
  follow_up: 'Something is still to be done after the call.',
  unresolved: 'The matter seems to be unresolved.',
  unknown: 'The outcome is not clear from the words.',
};

/** Summarizes a call in its own words, with outcome, mood, key points and action items. */
export function summarize(sentences: Sentence[]): Summary {
  const mood = moodOf(sentences);
  const { outcome, evidence } = outcomeOf(sentences, mood);
  const keyPoints = keyPointsOf(sentences);
  return {
    summary: textOf(sentences, outcome, evidence?.text),
    outcome,
    sentiment: mood.sentiment,
    actionItems: actionItemsOf(sentences),
    keyPoints,
    outcomeEvidence: evidence,
    sentimentEvidence: mood.evidence,
    confidence: Math.round(mood.confidence * (outcome === 'unknown' ? 0.8 : 1) * 100) / 100,
  };
}

function textOf(sentences: Sentence[], outcome: Outcome, decisive: string | undefined): string {
  if (sentences.length === 0) return 'Nothing was said on this call.';
  const need = needOf(sentences);
  const said = need ? `The caller said: “${need.text}”` : 'The caller said little that can be understood.';
  const then = decisive && decisive !== need?.evidence.text ? ` Later: “${decisive}”` : '';
  return `${said}${then} ${ENDINGS[outcome]}`;
}
