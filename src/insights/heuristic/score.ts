import type { Score, Scorecard, ScorecardItem, ScoreItem } from '../insight.ts';
import { has, type Sentence } from './sentences.ts';

/** Low, because words prove that something was said, not that it was meant. */
const CONFIDENCE = 0.5;
/** Length of the start and of the end of a call, in sentences of the speaker. */
const EDGE = 4;

/** Searches the phrases of each item, which gives all of its points or none. */
export function score(sentences: Sentence[], scorecard: Scorecard): Score {
  return { items: scorecard.map((item) => scoreItem(sentences, item)), confidence: CONFIDENCE };
}

function scoreItem(
  sentences: Sentence[],
  { name, weight, lookFor, speaker, where }: ScorecardItem,
): ScoreItem {
  const said = sentences.filter((sentence) => speaker === 'any' || sentence.speaker === speaker);
  const searched = where === 'start' ? said.slice(0, EDGE) : where === 'end' ? said.slice(-EDGE) : said;
  for (const sentence of searched) {
    const phrase = lookFor.find((words) => has(sentence.plain, words));
    if (phrase === undefined) continue;
    const reason = `The ${sentence.speaker} said “${phrase}”.`;
    return { name, score: weight, maxScore: weight, reason, evidence: sentence.evidence };
  }
  const who = speaker === 'any' ? 'anybody' : `the ${speaker}`;
  const reason =
    said.length === 0 ? `There is no speech of ${who}.` : `None of the phrases was said by ${who}.`;
  return { name, score: 0, maxScore: weight, reason, evidence: null };
}
