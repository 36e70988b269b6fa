import { Worker } from 'node:worker_threads';
import { type Clock, Failure, systemClock, type Timer } from '../kit/index.ts';
import type { Sound } from './audio.ts';
import type { DecoderAnswer, DecoderOrder } from './decoder-thread.ts';

/** Decodes sound files in a thread of its own, so that no call is held up. */
export interface SoundDecoder {
  /**
   * Makes sound for the line of a whole WAV or MP3 file, of 25 MB and half an hour at most. Fails with
   * `unsupported_sound`, or with `play_failed` when it takes longer than a minute or the decoder has been
   * closed; rejects with the signal's reason when aborted.
   */
  decode(bytes: Uint8Array, signal?: AbortSignal): Promise<Sound>;
  /** Ends the thread; what is being decoded fails. Idempotent. */
  close(): Promise<void>;
}

/** The thread is started with the first file, and again with the next after it has died. */
export function createSoundDecoder({ clock = systemClock }: { clock?: Clock } = {}): SoundDecoder {
  return new ThreadedDecoder(clock);
}

/** Half an hour of MP3 takes some seconds. */
const PATIENCE_MS = 60_000;

interface Job {
  resolve(sound: Sound): void;
  reject(reason: unknown): void;
  patience: Timer;
}

class ThreadedDecoder implements SoundDecoder {
  #clock: Clock;
  #worker: Worker | undefined;
  #jobs = new Map<number, Job>();
  #last = 0;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async decode(bytes: Uint8Array, signal?: AbortSignal): Promise<Sound> {
    signal?.throwIfAborted();
    if (this.#closed) throw new Failure('play_failed', 'the decoder has been closed');
    const job = ++this.#last;
    const abort = () => this.#settle(job)?.reject(signal!.reason);
    signal?.addEventListener('abort', abort);
    try {
      return await new Promise((resolve, reject) => {
        const patience = this.#clock.after(PATIENCE_MS, () => this.#lost('it took longer than a minute'));
        this.#jobs.set(job, { resolve, reject, patience });
        this.#worker ??= this.#start();
        this.#worker.postMessage({ job, bytes } satisfies DecoderOrder);
      });
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#lost('the decoder has been closed');
  }

  #start(): Worker {
    const url = new URL('./decoder-thread.ts', import.meta.url);
    // The MP3 decoder prints what it also reports: its stderr is read, and forgotten.
    const worker = new Worker(url, { name: 'decoder', execArgv: [], stderr: true });
    worker.stderr.resume();
    let cause = 'the decoder has died';
    worker.on('message', (answer: DecoderAnswer) => this.#take(answer));
    worker.on('error', (error) => {
      cause = error.message;
    });
    worker.on('exit', () => worker === this.#worker && this.#lost(cause));
    return worker;
  }

  #take(answer: DecoderAnswer): void {
    const job = this.#settle(answer.job);
    if ('samples' in answer) job?.resolve({ samples: answer.samples });
    else job?.reject(new Failure(answer.code, answer.message));
  }

  #settle(number: number): Job | undefined {
    const job = this.#jobs.get(number);
    this.#jobs.delete(number);
    job?.patience.cancel();
    return job;
  }

  /** Gives up the thread and what it was doing. */
  async #lost(cause: string): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    for (const job of [...this.#jobs.keys()]) {
      this.#settle(job)?.reject(new Failure('play_failed', `the file could not be decoded: ${cause}`));
    }
    await worker?.terminate();
  }
}
