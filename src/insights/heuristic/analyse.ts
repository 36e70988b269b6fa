import type { PartName, Parts, Scorecard } from '../insight.ts';
import { score } from './score.ts';
import { type Spoken, sentencesOf } from './sentences.ts';
import { summarise } from './summary.ts';
import { topicsOf } from './topics.ts';

/** Makes a part of the analysis by rules. Takes up to a tenth of a second of the thread that calls it. */
export function analyse(part: PartName, spoken: Spoken[], scorecard: Scorecard): Parts[PartName] {
  const sentences = sentencesOf(spoken);
  if (part === 'summary') return summarise(sentences);
  return part === 'score' ? score(sentences, scorecard) : topicsOf(sentences);
}
