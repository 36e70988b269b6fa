import { Worker } from 'node:worker_threads';
import {
  type Clock,
  Failure,
  FairWorkers,
  type Job,
  type Log,
  silentLog,
  systemClock,
} from '../core/index.ts';
import type { AudioClip } from './clip.ts';

/** Decodes sound files in threads of its own, so that no call is held up. */
export interface SoundDecoder {
  /**
   * Makes sound for the line of a whole WAV or MP3 file, of 25 MB and half an hour at most. Fails with
   * `unsupported_sound`, or with `play_failed` when it takes longer than a minute, too much waits already, or the
   * decoder has been closed; rejects with the signal's reason when aborted. A job with the key of another that is not
   * done yet is the same job.
   */
  decode(bytes: Uint8Array, job?: Partial<Omit<Job, 'bytes'>>): Promise<AudioClip>;
  /** Ends the threads; what is being decoded fails. Idempotent. */
  close(): Promise<void>;
}

/** Half an hour of MP3 takes some seconds. */
const MAX_RUN_MS = 60_000;
const MAX_WAIT_MS = 60_000;
/** Octets of files that wait to be decoded: of one customer, and of all. */
const MAX_BYTES_PER_TENANT = 100_000_000;
const MAX_BYTES = 300_000_000;
/** A customer has one of them at most, so that another's short file need not wait for long ones. */
const THREADS = 3;

/** A thread is started with the first file, and again with the next after it has died. */
export function createSoundDecoder(options: { clock?: Clock; log?: Log } = {}): SoundDecoder {
  const { clock = systemClock, log = silentLog } = options;
  const workers = new FairWorkers<Uint8Array, Int16Array<SharedArrayBuffer>>({
    clock,
    log,
    atOnce: THREADS,
    atOncePerTenant: 1,
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
  const url = new URL('./decoder-thread.ts', import.meta.url);
  // The MP3 decoder prints what it also reports: its stderr is read, and forgotten.
  const worker = new Worker(url, { name: 'decoder', execArgv: [], stderr: true });
  worker.stderr.resume();
  return worker;
}
