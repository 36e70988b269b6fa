import { Worker } from 'node:worker_threads';
import { type Clock, Failure, FairWorkers, type Log } from '../../core/index.ts';
import type { AnalysisInput, Analyst } from '../engines.ts';
import type { PartName, Parts } from '../insight.ts';
import type { AnalysisRequest } from './heuristic-thread.ts';

/** An hour of speech takes a few seconds. */
const MAX_RUN_MS = 120_000;
/** The thread ends after this time without a call, which frees the language model. */
const IDLE_MS = 60_000;

/**
 * The embedded analysis: rules, without an account or network. It runs in its own thread, which starts with the first
 * call, because an hour of speech would block the main thread for too long.
 */
export class HeuristicAnalyst implements Analyst {
  readonly engine = 'heuristic';
  #workers: FairWorkers<AnalysisRequest, Parts[PartName]>;

  constructor({ clock, log }: { clock: Clock; log: Log }) {
    this.#workers = new FairWorkers({
      clock,
      log,
      concurrency: 1,
      idleMs: IDLE_MS,
      maxTryMs: MAX_RUN_MS,
      start: () => new Worker(new URL('./heuristic-thread.ts', import.meta.url), { name: 'analysis' }),
      failure: (why) => new Failure('analysis_failed', `could not analyze the call: ${why}`),
    });
  }

  async analyze<Name extends PartName>(
    part: Name,
    { customerId, spoken, scorecard }: AnalysisInput,
    signal?: AbortSignal,
  ): Promise<Parts[Name]> {
    const answer = await this.#workers.run({ tenant: customerId, signal }, { part, spoken, scorecard });
    return answer as Parts[Name];
  }

  close(): Promise<void> {
    return this.#workers.close();
  }
}
