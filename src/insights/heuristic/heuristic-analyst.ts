import { Worker } from 'node:worker_threads';
import { type Clock, Failure, FairWorkers, type Log, silentLog, systemClock } from '../../core/index.ts';
import type { Analyst, Material } from '../engines.ts';
import type { PartName, Parts } from '../insight.ts';
import type { Order } from './thread.ts';

/** An hour of speech takes some seconds. */
const MAX_RUN_MS = 120_000;

/**
 * The analysis that comes with the program: rules, no account and no network. In a thread of its own, started
 * with the first call, since an hour of speech takes longer than the thread that carries calls may stand still.
 */
export class HeuristicAnalyst implements Analyst {
  readonly engine = 'heuristic';
  #workers: FairWorkers<Order, Parts[PartName]>;

  constructor({ clock = systemClock, log = silentLog }: { clock?: Clock; log?: Log } = {}) {
    this.#workers = new FairWorkers({
      clock,
      log,
      atOnce: 1,
      maxTryMs: MAX_RUN_MS,
      start: () => new Worker(new URL('./thread.ts', import.meta.url), { name: 'analysis' }),
      failure: (why) => new Failure('analysis_failed', `what was said could not be analysed: ${why}`),
    });
  }

  async analyse<Name extends PartName>(
    part: Name,
    { customerId, spoken, scorecard }: Material,
    signal?: AbortSignal,
  ): Promise<Parts[Name]> {
    const answer = await this.#workers.run({ tenant: customerId, signal }, { part, spoken, scorecard });
    return answer as Parts[Name];
  }

  close(): Promise<void> {
    return this.#workers.close();
  }
}
