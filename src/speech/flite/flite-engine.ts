import { Worker } from 'node:worker_threads';
import { type Clock, Failure, FairWorkers, type Log } from '../../core/index.ts';
import type { Samples } from '../cache.ts';
import { type Engine, MAX_RUN_MS, MAX_WAIT_MS, MAX_WAITING, type SpeechJob } from '../engine.ts';
import type { FliteVoice } from './flite-program.ts';
import type { SpeechRequest } from './flite-thread.ts';

/** The thread ends when there was nothing to speak for this time, which frees 90 MB. */
const IDLE_MS = 10 * 60_000;

/**
 * Speaks English with the embedded voices. They run in their own thread, which starts with the first sentence (or with
 * `warm`) and serves customers in turn.
 */
export class FliteEngine implements Engine {
  readonly version = 'flite-0.1.1/1';
  #workers: FairWorkers<SpeechRequest, Samples>;

  constructor({ clock, log }: { clock: Clock; log: Log }) {
    this.#workers = new FairWorkers({
      clock,
      log,
      concurrency: 1,
      idleMs: IDLE_MS,
      maxTryMs: MAX_RUN_MS,
      // Loading the voices again takes longer than any sentence.
      graceMs: MAX_RUN_MS,
      maxWaitMs: MAX_WAIT_MS,
      maxWaitingPerTenant: MAX_WAITING,
      start: () => new Worker(new URL('./flite-thread.ts', import.meta.url), { name: 'speech' }),
      failure: (why) => new Failure('speech_failed', `the sentence could not be spoken: ${why}`),
    });
  }

  /** Loads the voices. */
  warm(): Promise<void> {
    return this.#workers.warm();
  }

  synthesize(sentence: string, voice: string, job: SpeechJob): Promise<Samples> {
    return this.#workers.run(job, { text: sentence, voice: voice as FliteVoice });
  }

  close(): Promise<void> {
    return this.#workers.close();
  }
}
