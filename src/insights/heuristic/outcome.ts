import type { Evidence } from '../insight.ts';
import type { Sentence } from './sentences.ts';
import type { Mood } from './sentiment.ts';

export type Outcome = 'resolved' | 'follow_up' | 'unresolved' | 'unknown';

/** Phrases that indicate the outcome of a call. Later sentences have more weight. */
const SIGNS: [Exclude<Outcome, 'unknown'>, RegExp][] = [
  [
    'resolved',
    /\b(it|that|this|everything) (is|has been) (now )?(booked|done|fixed|changed|sorted|in the system|working|settled)\b/,
  ],
  [
    'resolved',
    /\b(i|we) have (just )?(booked|sent|extended|changed|reset|refunded|ordered|updated|found|put you down|cancelled|corrected)\b/,
  ],
  ['resolved', /\b(it|that) works\b|\bworking again\b|\byou can collect\b|\bthat was all\b|\bthat is all\b/],
  ['resolved', /\b(you will (have|get|receive)|it will be there|it is on (the|its) )\b/],
  [
    'follow_up',
    /\b(i|we|somebody|someone|a colleague) will (call|send|ask|check|look|contact|get back|order|forward|speak|email|leave|arrange)\b/,
  ],
  [
    'follow_up',
    /\b(call|get back to) you (back|tomorrow|later|soon)\b|\bwill be in touch\b|\bengineer\b.*\b(tomorrow|monday|tuesday|wednesday|thursday|friday)\b/,
  ],
  [
    'unresolved',
    /\b(unfortunately|i am afraid|nothing (that )?(i|we) can do|not possible|cannot (help|refund|do)|not have anything)\b/,
  ],
  ['unresolved', /\b(closed until|you would have to|somebody else|another department)\b/],
  [
    'unresolved',
    /\b(another provider|cancel my|complaint|lawyer|report you|waste of time|never \w+ with you)\b/,
  ],
];

/** Determines the outcome of a call and the sentence that shows it. */
export function outcomeOf(
  sentences: Sentence[],
  mood: Mood,
): { outcome: Outcome; evidence: Evidence | null } {
  const found = sentences
    .filter(({ isQuestion }) => !isQuestion)
    .flatMap((sentence) =>
      SIGNS.filter(([, sign]) => sign.test(sentence.plain)).map(([outcome]) => ({
        outcome,
        evidence: sentence.evidence,
        weight: 0.5 + sentence.place,
      })),
    );
  if (found.length === 0) return { outcome: 'unknown', evidence: null };
  const weight = (outcome: Outcome) =>
    found.reduce((sum, one) => sum + (one.outcome === outcome ? one.weight : 0), 0) +
    (outcome === 'unresolved' && mood.sentiment === 'negative' ? 1 : 0);
  const outcome = (['resolved', 'follow_up', 'unresolved'] as const).toSorted(
    (a, b) => weight(b) - weight(a),
  )[0]!;
  return { outcome, evidence: found.findLast((one) => one.outcome === outcome)?.evidence ?? null };
}
