import model from 'wink-eng-lite-web-model';
import winkNlp from 'wink-nlp';
import type { Evidence, Speaker, SpokenSegment } from '../insight.ts';

export interface Word {
  text: string;
  /** Base form in lower case. */
  lemma: string;
  /** Universal part of speech: `NOUN`, `VERB`, … */
  kind: string;
}

/** A sentence of the call and its position. */
export interface Sentence {
  speaker: Speaker;
  text: string;
  /** In lower case, without contractions. */
  plain: string;
  isQuestion: boolean;
  words: Word[];
  evidence: Evidence;
  /** Position in the call, from 0 (start) to 1 (end). */
  place: number;
}

const nlp = winkNlp(model, ['sbd', 'pos']);
const { its } = nlp;

type ItemSentence = { out(): string; tokens(): { out(its: unknown): unknown } };

/** Splits the segments of a call into sentences, in order of time. */
export function sentencesOf(spoken: SpokenSegment[]): Sentence[] {
  const found = spoken.flatMap((segment) => {
    const { recordingId, startMs, endMs, speaker, text } = segment;
    const sentences: Omit<Sentence, 'place'>[] = [];
    nlp
      .readDoc(text)
      .sentences()
      .each((sentence: ItemSentence) => {
        const said = sentence.out().trim();
        const words = wordsOf(sentence.tokens());
        // Only segments have times, so a sentence has the times of its segment.
        const evidence = { recordingId, startMs, endMs, speaker, text: said };
        sentences.push({
          speaker,
          text: said,
          plain: plain(said),
          isQuestion: said.endsWith('?'),
          words,
          evidence,
        });
      });
    return sentences;
  });
  return found.map((sentence, at) => ({
    ...sentence,
    place: found.length < 2 ? 1 : at / (found.length - 1),
  }));
}

function wordsOf(tokens: { out(its: unknown): unknown }): Word[] {
  const texts = tokens.out(its.value) as string[];
  const lemmas = tokens.out(its.lemma) as string[];
  const kinds = tokens.out(its.pos) as string[];
  return texts.map((text, i) => ({ text, lemma: lemmas[i]!.toLowerCase(), kind: kinds[i]! }));
}

const CONTRACTIONS: [RegExp, string][] = [
  [/\bcan'?t\b/g, 'cannot'],
  [/\bwon't\b/g, 'will not'],
  [/\b(\w+)n't\b/g, '$1 not'],
  [/\b(i|you|we|they|he|she|it|that|there|who)'ll\b/g, '$1 will'],
  [/\bi'm\b/g, 'i am'],
  [/\b(you|we|they)'re\b/g, '$1 are'],
  [/\b(i|you|we|they)'ve\b/g, '$1 have'],
  [/\b(i|you|we|they)'d\b/g, '$1 would'],
  [/\b(it|that|there|he|she|what|who|how)'s\b/g, '$1 is'],
];

/** Normalizes a text for phrase search: lower case, without contractions and most punctuation. */
export function plain(text: string): string {
  let words = text.toLowerCase().replace(/’/g, "'");
  for (const [pattern, whole] of CONTRACTIONS) words = words.replace(pattern, whole);
  return words
    .replace(/[^\p{L}\p{N}' ?!]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Reports whether a normalized text contains a phrase as whole words. */
export function has(text: string, phrase: string): boolean {
  const words = plain(phrase).replace(/[?!]/g, '').trim();
  return words !== '' && ` ${text.replace(/[?!]/g, '')} `.includes(` ${words} `);
}
