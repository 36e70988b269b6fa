import { serveJobs } from '../../core/index.ts';
import type { PartName, Parts, Scorecard, SpokenSegment } from '../insight.ts';
import { score } from './score.ts';
import { sentencesOf } from './sentences.ts';
import { summarize } from './summary.ts';
import { topicsOf } from './topics.ts';

/** A request to make one part of the analysis of a call. */
export interface AnalysisRequest {
  part: PartName;
  spoken: SpokenSegment[];
  scorecard: Scorecard;
}

/** Nobody waits for an analysis, so it has a low priority. */
const NICE = 15;

serveJobs<AnalysisRequest, Parts[PartName]>(NICE, ({ part, spoken, scorecard }) => {
  const sentences = sentencesOf(spoken);
  if (part === 'summary') return summarize(sentences);
  return part === 'score' ? score(sentences, scorecard) : topicsOf(sentences);
});
