import type { Job } from '../core/index.ts';
import type { Samples } from './cache.ts';

/** For whom a sentence is spoken, and what it is called: see `FairQueue`. */
export type SpeechJob = Omit<Job, 'bytes'>;

/** One way of turning a sentence into sound. */
export interface Engine {
  /** Part of the cache's key: changes whenever the same text would sound different. */
  readonly version: string;
  /** 8 kHz samples at the common loudness. Rejects with `speech_failed`, and with the reason of the job's signal. */
  synthesise(sentence: string, voice: string, job: SpeechJob): Promise<Samples>;
  close(): Promise<void>;
}

/** A sentence that waits for longer than this is not spoken: the caller has long stopped listening for it. */
export const MAX_WAIT_MS = 60_000;
/** A sentence takes a third of a second at most; the rest is for a machine that is starting or busy. */
export const MAX_RUN_MS = 10_000;
/** Sentences of one customer that wait: with more than this, the last would not come in time anyway. */
export const MAX_WAITING = 500;
