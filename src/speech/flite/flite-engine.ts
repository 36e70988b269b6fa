import { Worker } from 'node:worker_threads';
import { type Clock, Failure, FairWorkers, type Log } from '../../core/index.ts';
import type { Samples } from '../cache.ts';
import { type Engine, MAX_RUN_MS, MAX_WAIT_MS, MAX_WAITING, type SpeechJob } from '../engine.ts';
import type { FliteVoice } from './program.ts';
import type { Order } from './thread.ts';

/**
 * The English voices that come with the program. They live in a thread of their own, which is started with the first
 * sentence (or `warm`) and speaks for all customers in turn.
 */
export class FliteEngine implements Engine {
  readonly version = 'flite-0.1.1/1';
  #workers: FairWorkers<Order, Samples>;

  constructor({ clock, log }: { clock: Clock; log: Log }) {
    this.#workers = new FairWorkers({
      clock,
      log,
      atOnce: 1,
      maxTryMs: MAX_RUN_MS,
      // To load the voices again takes longer than any sentence.
      graceMs: MAX_RUN_MS,
      maxWaitMs: MAX_WAIT_MS,
      maxWaitingPerTenant: MAX_WAITING,
      start: () => new Worker(new URL('./thread.ts', import.meta.url), { name: 'speech' }),
      failure: (why) => new Failure('speech_failed', `the sentence could not be spoken: ${why}`),
    });
  }

  /** Resolves when the voices are loaded. */
  warm(): Promise<void> {
    return this.#workers.warm();
  }

  synthesise(sentence: string, voice: string, job: SpeechJob): Promise<Samples> {
    return this.#workers.run(job, { text: sentence, voice: voice as FliteVoice });
  }

  close(): Promise<void> {
    return this.#workers.close();
  }
}
