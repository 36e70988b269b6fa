import model from 'wink-eng-lite-web-model';
import winkNlp from 'wink-nlp';
import type { Evidence, Segment, Speaker } from '../insight.ts';
import { plain } from './words.ts';

/** A segment and the recording that it is from. */
export interface Spoken extends Segment {
  recordingId: string;
}

export interface Word {
  text: string;
  /** In lower case, as it stands in a dictionary. */
  lemma: string;
  /** Universal part of speech: `NOUN`, `VERB`, … */
  kind: string;
}

/** A sentence of the call, and where it was said. */
export interface Sentence {
  speaker: Speaker;
  text: string;
  /** In lower case, without contractions. */
  plain: string;
  isQuestion: boolean;
  words: Word[];
  evidence: Evidence;
  /** From 0, the beginning of the call, to 1, its end. */
  place: number;
}

const nlp = winkNlp(model, ['sbd', 'pos']);
const { its } = nlp;

type ItemSentence = { out(): string; tokens(): { out(its: unknown): unknown } };

/** The sentences of a call, in the order in which they were said. */
export function sentencesOf(spoken: Spoken[]): Sentence[] {
  const found = spoken.flatMap((segment) => {
    const { recordingId, startMs, endMs, speaker, text } = segment;
    const sentences: Omit<Sentence, 'place'>[] = [];
    nlp
      .readDoc(text)
      .sentences()
      .each((sentence: ItemSentence) => {
        const said = sentence.out().trim();
        const words = wordsOf(sentence.tokens());
        // Only segments have times: a sentence points to the one that it is part of.
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
