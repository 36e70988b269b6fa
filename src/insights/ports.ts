import type { CallStore } from '../calls/index.ts';
import type { Clock, Log } from '../core/index.ts';
import type { RecordingFiles, RecordingStore } from '../recordings/index.ts';
import type { Engines } from './engines.ts';
import type { Scorecard } from './insight.ts';
import type { InsightJournal, InsightStore } from './store.ts';

/** How an application wants its calls analysed. */
export interface InsightSettings {
  /** Null: the scorecard that comes with the program. */
  scorecard: Scorecard | null;
  /** `ai.completed` and `ai.failed` are sent. */
  aiEvents: boolean;
}

export interface InsightPorts {
  store: InsightStore;
  journal: InsightJournal;
  calls: Pick<CallStore, 'call'>;
  recordings: Pick<RecordingStore, 'recording' | 'recordings'>;
  files: Pick<RecordingFiles, 'path'>;
  /** Asked for each job, so that a change of settings takes effect with the next. */
  engines(applicationId: string): Engines;
  /** Undefined when the application is gone. */
  settings(applicationId: string): InsightSettings | undefined;
  clock: Clock;
  log: Log;
  /** This process's number among its peers. */
  node: number;
  /**
   * The applications of the customer that this one belongs to: they share what a customer may have at once.
   * Default: the application alone.
   */
  siblings?(applicationId: string): string[];
  /** Jobs at once. Most of them wait: for servers, or for the recogniser, which has a queue of its own. */
  atOnce: number;
  /** Jobs of one customer at once; default: `atOnce`. */
  atOncePerCustomer?: number;
}
