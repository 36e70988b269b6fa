import type { CallStore } from '../calls/index.ts';
import type { Clock, Log } from '../core/index.ts';
import type { RecordingFiles, RecordingStore } from '../recordings/index.ts';
import type { Engines } from './engines.ts';
import type { Scorecard } from './insight.ts';
import type { InsightJournal, InsightStore } from './store.ts';

/** Settings of an application for the analysis of its calls. */
export interface InsightSettings {
  /** Null: the default scorecard. */
  scorecard: Scorecard | null;
  /** Whether `ai.completed` and `ai.failed` are sent. */
  aiEvents: boolean;
}

/** What transcription and analysis need from other modules. */
export interface InsightDeps {
  store: InsightStore;
  journal: InsightJournal;
  calls: Pick<CallStore, 'call'>;
  recordings: Pick<RecordingStore, 'recording' | 'recordings'>;
  files: Pick<RecordingFiles, 'path'>;
  /** Called for each job, so that changed settings apply to the next one. */
  engines(applicationId: string): Engines;
  /** Undefined if the application was deleted. */
  settings(applicationId: string): InsightSettings | undefined;
  clock: Clock;
  log: Log;
  /** Number of this process among its peers. */
  node: number;
  /**
   * All applications of the customer that owns this one: they share the limit of the customer. Default: only this
   * application.
   */
  siblings?(applicationId: string): string[];
  /** Concurrent jobs. Most of them wait for servers or for the recognizer, which has its own queue. */
  concurrency: number;
  /** Concurrent jobs of one customer; default `concurrency`. */
  concurrencyPerCustomer?: number;
}
