import type { Score, Scorecard, ScorecardItem, ScoreItem } from '../insight.ts';
import type { Sentence } from './sentences.ts';
import { has } from './words.ts';

/** Words that were said prove that they were said, not that they were meant. */
const CONFIDENCE = 0.5;
/** The first and the last part of a call, in sentences of the speaker. */
const EDGE = 4;

/** Looks for the words of each item. The points are given in full or not at all. */
export function score(sentences: Sentence[], scorecard: Scorecard): Score {
  return { items: scorecard.map((item) => scoreItem(sentences, item)), confidence: CONFIDENCE };
}

function scoreItem(
  sentences: Sentence[],
  { name, weight, lookFor, speaker, where }: ScorecardItem,
): ScoreItem {
  const said = sentences.filter((sentence) => speaker === 'any' || sentence.speaker === speaker);
  const heard = where === 'start' ? said.slice(0, EDGE) : where === 'end' ? said.slice(-EDGE) : said;
  for (const sentence of heard) {
    const phrase = lookFor.find((words) => has(sentence.plain, words));
    if (phrase === undefined) continue;
    const reason = `The ${sentence.speaker} said “${phrase}”.`;
    return { name, score: weight, maxScore: weight, reason, evidence: sentence.evidence };
  }
  const who = speaker === 'any' ? 'anybody' : `the ${speaker}`;
  const reason =
    said.length === 0 ? `Nothing was heard of ${who}.` : `Nothing that is looked for was said by ${who}.`;
  return { name, score: 0, maxScore: weight, reason, evidence: null };
}
