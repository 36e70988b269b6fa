import type { Claim } from '../insight.ts';
import type { Sentence, Word } from './sentences.ts';

const MOST_KEY_POINTS = 4;
const SHORTEST = 5;
/** Parts of speech that carry meaning. */
const MEANING = new Set(['NOUN', 'PROPN', 'VERB', 'NUM']);
const MEANINGLESS = new Set(
  'be have do get go say see want need can will thank call speak help thing moment please'.split(' '),
);
/** Phrases in which a caller states the reason of the call. */
const NEED =
  /\b(i|we) (am|are|was|were|have|had|need|want|wanted|would like|cannot|bought|sent|paid|stayed)\b|\bmy \w+|\byou (have|sent|charged)\b/;

/** Phrases at the start and end of calls, which say nothing about the subject. */
const FORMALITIES =
  /\bgood (morning|afternoon|evening)\b|\bspeaking\b|\bmy name is\b|\bhello$|\banything else\b/;

const isMeaningful = ({ kind, lemma }: Word): boolean =>
  MEANING.has(kind) && !MEANINGLESS.has(lemma) && lemma.length > 2;

/** Finds the sentences with the most frequent words of the call, in order of time. */
export function keySentences(sentences: Sentence[]): Sentence[] {
  const counts = new Map<string, number>();
  for (const { words } of sentences) {
    for (const lemma of new Set(words.filter(isMeaningful).map((word) => word.lemma))) {
      counts.set(lemma, (counts.get(lemma) ?? 0) + 1);
    }
  }
  const rank = ({ words, plain, speaker, isQuestion, place }: Sentence): number => {
    const meaning = words.filter(isMeaningful);
    const weight = meaning.reduce(
      (sum, { lemma, kind }) => sum + counts.get(lemma)! + (kind === 'PROPN' ? 0.5 : 0),
      0,
    );
    const need = speaker === 'caller' && NEED.test(plain) ? 2 - place : 0;
    return weight / Math.sqrt(words.length + 4) + need - (isQuestion ? 1 : 0);
  };
  const best = sentences
    .filter(
      ({ words, plain, speaker }) =>
        words.length >= SHORTEST && !(speaker === 'agent' && FORMALITIES.test(plain)),
    )
    .toSorted((a, b) => rank(b) - rank(a))
    .slice(0, MOST_KEY_POINTS);
  return sentences.filter((sentence) => best.includes(sentence));
}

export const keyPointsOf = (sentences: Sentence[]): Claim[] =>
  keySentences(sentences).map(({ text, evidence }) => ({ text, evidence }));

/** Finds the sentence in which the caller first states the reason of the call. */
export const needOf = (sentences: Sentence[]): Sentence | undefined => {
  const said = sentences.filter(({ speaker, words }) => speaker === 'caller' && words.length >= SHORTEST);
  return said.find(({ plain }) => NEED.test(plain)) ?? said[0];
};

const DO =
  '(send|call|book|check|ask|order|refund|look|get back|contact|email|schedule|forward|speak|leave|arrange|transfer|update|cancel|open|file|pass|pay|bring|fill|let you know|come|prepare|write|report)';

/** Promises and requests. */
const PROMISES = [
  new RegExp(`\\b(i|we) (will|shall|am going to|are going to) (also |then |just )?${DO}\\b`),
  new RegExp(`\\b(somebody|someone|a colleague|the \\w+|he|she|they|my \\w+) will ${DO}\\b`),
  new RegExp(`\\byou (will|would|need to|have to|must|should) (have to )?${DO}\\b`),
  new RegExp(`\\bplease ${DO}\\b`),
  /\byou will (get|receive)\b|\bwill be (sent|paid|delivered|refunded)\b/,
];
const MOST_ACTION_ITEMS = 5;

/** Finds the action items: sentences of the call that promise or request something after it. */
export function actionItemsOf(sentences: Sentence[]): Claim[] {
  return sentences
    .filter(({ isQuestion, plain }) => !isQuestion && PROMISES.some((promise) => promise.test(plain)))
    .slice(-MOST_ACTION_ITEMS)
    .map(({ speaker, text, evidence }) => ({
      text: `${speaker === 'agent' ? 'Agent' : 'Caller'}: ${text}`,
      evidence,
    }));
}
