import type { Job } from '../core/index.ts';
import type { Samples } from './cache.ts';

/** Scheduling of a sentence: its customer and call, its key and its signal (see `FairQueue`). */
export type SpeechJob = Omit<Job, 'bytes'>;

/** A speech synthesizer. */
export interface Engine {
  /** Part of the cache key: changes whenever the same text would sound different. */
  readonly version: string;
  /** Speaks a sentence as 8 kHz samples. Rejects with `speech_failed` and with the reason of the job's signal. */
  synthesize(sentence: string, voice: string, job: SpeechJob): Promise<Samples>;
  close(): Promise<void>;
}

/** A sentence that waits longer than this is not spoken: its caller does not expect it any more. */
export const MAX_WAIT_MS = 60_000;
/** A sentence takes at most a third of a second; the rest allows for a starting or busy machine. */
export const MAX_RUN_MS = 10_000;
/** Most waiting sentences of one customer: a later one would miss its time limit anyway. */
export const MAX_WAITING = 500;
