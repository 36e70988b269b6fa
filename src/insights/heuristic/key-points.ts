import type { Claim } from '../insight.ts';
import type { Sentence, Word } from './sentences.ts';

const MOST = 4;
const SHORTEST = 5;
/** Words that carry what a sentence is about. */
const MEANING = new Set(['NOUN', 'PROPN', 'VERB', 'NUM']);
const EMPTY = new Set(
  'be have do get go say see want need can will thank call speak help thing moment please'.split(' '),
);
/** Why somebody calls. */
const NEED =
  /\b(i|we) (am|are|was|were|have|had|need|want|wanted|would like|cannot|bought|sent|paid|stayed)\b|\bmy \w+|\byou (have|sent|charged)\b/;

/** How calls begin and end says nothing of what they are about. */
const CEREMONY =
  /\bgood (morning|afternoon|evening)\b|\bspeaking\b|\bmy name is\b|\bhello$|\banything else\b/;

const telling = ({ kind, lemma }: Word): boolean =>
  MEANING.has(kind) && !EMPTY.has(lemma) && lemma.length > 2;

/** The sentences with the words that the call keeps coming back to, in the order of the call. */
export function keySentences(sentences: Sentence[]): Sentence[] {
  const counts = new Map<string, number>();
  for (const { words } of sentences) {
    for (const lemma of new Set(words.filter(telling).map((word) => word.lemma))) {
      counts.set(lemma, (counts.get(lemma) ?? 0) + 1);
    }
  }
  const rank = ({ words, plain, speaker, isQuestion, place }: Sentence): number => {
    const meaning = words.filter(telling);
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
        words.length >= SHORTEST && !(speaker === 'agent' && CEREMONY.test(plain)),
    )
    .toSorted((a, b) => rank(b) - rank(a))
    .slice(0, MOST);
  return sentences.filter((sentence) => best.includes(sentence));
}

export const keyPointsOf = (sentences: Sentence[]): Claim[] =>
  keySentences(sentences).map(({ text, evidence }) => ({ text, evidence }));

/** The sentence in which the caller first says what the call is for. */
export const needOf = (sentences: Sentence[]): Sentence | undefined => {
  const said = sentences.filter(({ speaker, words }) => speaker === 'caller' && words.length >= SHORTEST);
  return said.find(({ plain }) => NEED.test(plain)) ?? said[0];
};
