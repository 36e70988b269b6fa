/**
 * After the call: what was said on a recording, and what it means. Work waits in a queue that is kept with the
 * recordings, so that a crash loses none of it; engines are plugged in, and every result says whose it is.
 */

export { EmbeddedTranscriber } from './embedded-transcriber.ts';
export type { Analyst, Engines, Heard, Material, Transcriber } from './engines.ts';
export { HeuristicAnalyst } from './heuristic/heuristic-analyst.ts';
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
export { Insights } from './insights.ts';
export { OpenAiAnalyst } from './openai/openai-analyst.ts';
export { OpenAiTranscriber } from './openai/openai-transcriber.ts';
export { SilentServers } from './openai/silent-servers.ts';
export type { InsightPorts, InsightSettings } from './ports.ts';
export {
  type Known,
  presentFound,
  presentScore,
  presentSummary,
  presentTopics,
  presentTranscription,
} from './present.ts';
export { queueing } from './queueing.ts';
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
