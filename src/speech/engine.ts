import type { Samples } from './cache.ts';

/** One way of turning a sentence into sound. */
export interface Engine {
  /** Part of the cache's key: changes whenever the same text would sound different. */
  readonly version: string;
  /** 8 kHz samples at the common loudness. Rejects with `speech_failed`. */
  synthesise(sentence: string, voice: string): Promise<Samples>;
  close(): Promise<void>;
}
