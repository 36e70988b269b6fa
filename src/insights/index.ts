/**
 * Transcription and analysis of recordings after the call. Jobs wait in a queue that is stored with the recordings, so that
 * a crash loses none. Engines are pluggable, and every result names its engine.
 */
export { EmbeddedTranscriber } from './embedded-transcriber.ts';
export type { Engines, Transcription } from './engines.ts';
export { enqueueingJournal } from './enqueueing-journal.ts';
export { HeuristicAnalyst } from './heuristic/heuristic-analyst.ts';
export type { Evidence, Part, PartName, Parts, ScorecardItem, Speaker, Transcript } from './insight.ts';
export { Insights } from './insights.ts';
export { OpenAiAnalyst } from './openai/openai-analyst.ts';
export { OpenAiTranscriber } from './openai/openai-transcriber.ts';
export { UnresponsiveServers } from './openai/unresponsive-servers.ts';
export {
  type CallInsights,
  presentFoundTranscript,
  presentScore,
  presentSummary,
  presentTopics,
  presentTranscription,
} from './present.ts';
export { DEFAULT_SCORECARD } from './scorecard.ts';
export type { InsightJournal, InsightStore, InsightsChange, Job, TranscriptFilter } from './store.ts';
