/**
 * After the call: what was said on a recording, and what it means. Work waits in a queue that is kept with the
 * recordings, so that a crash loses none of it; engines are plugged in, and every result says whose it is.
 */
export type {
  Claim,
  Evidence,
  InsightError,
  Part,
  PartName,
  Parts,
  Score,
  Scorecard,
  ScorecardItem,
  Segment,
  Sentiment,
  Speaker,
  Summary,
  Topic,
  Transcript,
} from './insight.ts';
export { DEFAULT_SCORECARD } from './scorecard.ts';
export type {
  Backlog,
  Holder,
  InsightJournal,
  InsightStore,
  InsightsChange,
  Job,
  NewJob,
  TranscriptFilter,
} from './store.ts';
