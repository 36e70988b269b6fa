import { Worker } from 'node:worker_threads';
import { type Clock, detach, Failure, type Log, type Timer } from '../../kit/index.ts';
import type { Samples } from '../cache.ts';
import type { Engine } from '../engine.ts';
import type { FliteVoice } from './program.ts';
import type { Answer, Order } from './thread.ts';

interface Job {
  order: Order;
  resolve(samples: Samples): void;
  reject(error: Failure): void;
}

/** A sentence takes a third of a second at most; the rest is for a machine that is starting or busy. */
const PATIENCE_MS = 10_000;

/**
 * The English voices that come with the program. They live in a thread of their own, which is started with
 * the first sentence (or `warm`), works on one at a time, and is replaced when it dies or hangs.
 */
export class FliteEngine implements Engine {
  readonly version = 'flite-0.1.1/1';
  #clock: Clock;
  #log: Log;
  #worker: Worker | undefined;
  #ready: PromiseWithResolvers<void> | undefined;
  #waiting: Job[] = [];
  #running: Job | undefined;
  #patience: Timer | undefined;
  #closed = false;

  constructor(options: { clock: Clock; log: Log }) {
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Resolves when the voices are loaded. */
  warm(): Promise<void> {
    if (!this.#worker) this.#start();
    return this.#ready!.promise;
  }

  synthesise(sentence: string, voice: string): Promise<Samples> {
    if (this.#closed) return Promise.reject(new Failure('speech_failed', 'the voice has been closed'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ order: { text: sentence, voice: voice as FliteVoice }, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    this.#fail('the voice has been closed');
    for (const job of this.#waiting.splice(0)) {
      job.reject(new Failure('speech_failed', 'the voice has been closed'));
    }
    await worker?.terminate();
  }

  #start(): void {
    const worker = new Worker(new URL('./thread.ts', import.meta.url), { name: 'speech' });
    const lost = (why: string) => worker === this.#worker && this.#lost(why);
    worker.on('message', (answer: Answer) => worker === this.#worker && this.#answered(answer));
    worker.on('error', (error) => lost(String(error)));
    worker.on('exit', (code) => lost(`the thread ended with ${code}`));
    this.#worker = worker;
    this.#ready = Promise.withResolvers();
    this.#ready.promise.catch(() => {});
  }

  #next(): void {
    if (this.#running || this.#waiting.length === 0) return;
    if (!this.#worker) this.#start();
    this.#running = this.#waiting.shift()!;
    this.#patience = this.#clock.after(PATIENCE_MS, () => this.#lost('it took too long'));
    this.#worker!.postMessage(this.#running.order);
  }

  #answered(answer: Answer): void {
    if ('ready' in answer) {
      this.#ready!.resolve();
      return;
    }
    const job = this.#done();
    if ('samples' in answer) job?.resolve(answer.samples);
    else job?.reject(new Failure('speech_failed', `the sentence could not be spoken: ${answer.error}`));
    this.#next();
  }

  #lost(why: string): void {
    this.#log.error({ why }, 'the speech thread was lost and is replaced');
    detach('speech.flite-engine', this.#worker?.terminate());
    this.#fail(why);
    this.#next();
  }

  /** Gives the thread up, and the sentence that it was at. */
  #fail(why: string): void {
    const failure = new Failure('speech_failed', `the sentence could not be spoken: ${why}`);
    this.#ready?.reject(failure);
    this.#worker = undefined;
    this.#done()?.reject(failure);
  }

  #done(): Job | undefined {
    this.#patience?.cancel();
    const job = this.#running;
    this.#running = undefined;
    return job;
  }
}
