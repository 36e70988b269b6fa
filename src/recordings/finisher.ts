import { Worker } from 'node:worker_threads';
import { type Clock, detach, explain, type Log, type Timer, within } from '../kit/index.ts';
import type { Answer, Order } from './finishing-thread.ts';

/** A file that is whole and on disk. */
export interface Finished {
  /** `wav` though mp3 was asked for: it could not be made, and the sound is kept as it was recorded. */
  format: 'wav' | 'mp3';
  sizeBytes: number;
  sha256: string;
}

/** Makes a closed WAV file into what was asked for, and measures it. */
export interface Finisher {
  /**
   * @param wav absolute path of a closed file. With `mp3` a file of that ending appears beside it, whole or
   * not at all, and the WAV file stays: who commits the result removes it.
   */
  finish(wav: string, format: 'wav' | 'mp3'): Promise<Finished>;
  close(): Promise<void>;
}

interface Waiting extends PromiseWithResolvers<Finished> {
  order: Order;
  /** Threads that were lost while they had it. */
  losses: number;
  deadline?: Timer;
}

/** A thread that has not finished a file after this, in milliseconds, hangs. The longest MP3 takes some minutes. */
const LONGEST_MS = 15 * 60_000;

/** Closing waits so long, in milliseconds. What is unfinished then is finished at the next start. */
const CLOSING_MS = 15_000;

const startThread = () =>
  new Worker(new URL('./finishing-thread.ts', import.meta.url), { name: 'finishing' });

/**
 * Does it in a thread of its own, so that neither hashing nor encoding holds up a call. A thread that dies is
 * replaced, and what it was at is tried once more: the recorded file is still there.
 */
export class ThreadFinisher implements Finisher {
  #log: Log;
  #clock: Clock;
  #startThread: () => Worker;
  #worker: Worker | undefined;
  #waiting = new Map<number, Waiting>();
  #orders = 0;

  constructor({ clock, log }: { clock: Clock; log: Log }, start = startThread) {
    this.#clock = clock;
    this.#log = log;
    this.#startThread = start;
    this.#worker = this.#start();
  }

  finish(wav: string, format: 'wav' | 'mp3'): Promise<Finished> {
    const id = ++this.#orders;
    const waiting: Waiting = { ...Promise.withResolvers<Finished>(), order: { id, wav, format }, losses: 0 };
    this.#waiting.set(id, waiting);
    this.#give(waiting);
    return waiting.promise;
  }

  async close(): Promise<void> {
    const all = Promise.allSettled([...this.#waiting.values()].map(({ promise }) => promise));
    await within(this.#clock, CLOSING_MS, all, 'files are still being finished').catch((error) => {
      this.#log.warn({ error: explain(error), files: this.#waiting.size }, 'left for the next start');
    });
    const worker = this.#worker;
    this.#worker = undefined;
    for (const { order } of this.#waiting.values()) this.#fail(order.id, new Error('closed'));
    await worker?.terminate();
  }

  #give(waiting: Waiting): void {
    const { order } = waiting;
    try {
      const worker = (this.#worker ??= this.#start());
      worker.postMessage(order);
      waiting.deadline?.cancel();
      const hangs = new Error('the finishing thread did not finish a file in 15 minutes');
      waiting.deadline = this.#clock.after(LONGEST_MS, () => this.#lost(worker, hangs));
    } catch (error) {
      this.#fail(order.id, error);
    }
  }

  #fail(id: number, error: unknown): void {
    this.#take(id)?.reject(error);
  }

  /** What waits for this answer, which waits no more. */
  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.deadline?.cancel();
    return waiting;
  }

  #start(): Worker {
    const worker = this.#startThread();
    worker.on('message', (answer: Answer) => this.#answered(answer));
    worker.on('error', (error) => this.#lost(worker, error));
    worker.on('exit', (code) => this.#lost(worker, new Error(`the finishing thread ended with ${code}`)));
    return worker;
  }

  #answered(answer: Answer): void {
    const waiting = this.#take(answer.id);
    if ('error' in answer) waiting?.reject(new Error(answer.error));
    else waiting?.resolve(answer.finished);
    if ('warning' in answer) this.#log.warn({ why: answer.warning }, 'a recording stays as it was recorded');
  }

  #lost(worker: Worker, error: Error): void {
    if (worker !== this.#worker) return;
    this.#log.error({ error: String(error) }, 'the finishing thread was lost and is replaced');
    this.#worker = undefined;
    detach('recordings.finisher', worker.terminate());
    for (const [id, waiting] of this.#waiting) {
      if (++waiting.losses < 2) this.#give(waiting);
      else this.#fail(id, error);
    }
  }
}
