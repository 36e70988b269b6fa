import { Worker } from 'node:worker_threads';
import { type Clock, Failure, FairWorkers, type Job, type Log } from '../core/index.ts';
import type { AudioClip } from './frame.ts';

/** Decodes sound files in its own threads, so that decoding does not delay calls. */
export interface SoundDecoder {
  /**
   * Decodes a whole WAV or MP3 file of at most 25 MB and half an hour to 8 kHz mono samples. Rejects with
   * `unsupported_sound`; with `play_failed` when decoding takes longer than a minute, the queue is full, or the decoder
   * is closed; and with the signal's reason when aborted. Jobs with the same key share one result.
   */
  decode(bytes: Uint8Array, job?: Partial<Omit<Job, 'bytes'>>): Promise<AudioClip>;
  /** Ends the threads; running jobs fail. Idempotent. */
  close(): Promise<void>;
}

/** Half an hour of MP3 takes a few seconds. */
const MAX_RUN_MS = 60_000;
const MAX_WAIT_MS = 60_000;
/** A thread without files ends after this time, which frees its memory. */
const IDLE_MS = 60_000;
/** Octets of waiting files: of one customer, and of all. */
const MAX_BYTES_PER_TENANT = 100_000_000;
const MAX_BYTES = 300_000_000;
/** Each customer uses at most one thread, so that long files of one do not delay short files of another. */
const THREADS = 3;

/** Creates a decoder. A thread starts with the first file, and again with the next file after it ended. */
export function createSoundDecoder({ clock, log }: { clock: Clock; log: Log }): SoundDecoder {
  const workers = new FairWorkers<Uint8Array, Int16Array<SharedArrayBuffer>>({
    clock,
    log,
    concurrency: THREADS,
    concurrencyPerTenant: 1,
    idleMs: IDLE_MS,
    maxTryMs: MAX_RUN_MS,
    maxWaitMs: MAX_WAIT_MS,
    maxBytesPerTenant: MAX_BYTES_PER_TENANT,
    maxBytes: MAX_BYTES,
    start: startThread,
    failure: (why) => new Failure('play_failed', `the file could not be decoded: ${why}`),
  });
  return {
    decode: async (bytes, job) => {
      const samples = await workers.run({ tenant: '', ...job, bytes: bytes.length }, bytes);
      return { samples };
    },
    close: () => workers.close(),
  };
}

function startThread(): Worker {
  const url = new URL('./sound-decoder-thread.ts', import.meta.url);
  // The MP3 decoder prints what it also reports: its stderr is read and discarded.
  const worker = new Worker(url, { name: 'decoder', execArgv: [], stderr: true });
  worker.stderr.resume();
  return worker;
}
