import { type ChildProcess, fork } from 'node:child_process';
import { setPriority } from 'node:os';
import { type Clock, guarded, type Log, sleep, type Timer } from '../../core/index.ts';
import type { Utterance } from './moonshine.ts';
import type { Order, Report } from './process.ts';

/** What was said, and by which channel of the file: 0 is the left one. */
export interface Answer {
  channels: number;
  utterances: (Utterance & { channel: number })[];
}

/** Starts a process that speaks as `process.ts` does. */
export type StartChild = (model: string, folder: string) => ChildProcess;

interface Job extends PromiseWithResolvers<Answer> {
  order: Order;
  utterances: Answer['utterances'];
}

/** The longest time without a sign of life; a busy machine leaves little for the lowest priority. */
const PATIENCE_MS = 300_000;
/** After so long without work its memory is given back. */
const IDLE_MS = 60_000;

const startProcess: StartChild = (model, folder) => {
  const child = fork(new URL('./process.ts', import.meta.url), [model, folder], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: ['--max-semi-space-size=1'],
    // One heap for all threads of native code: with more, freed pieces of each are kept.
    env: { ...process.env, MALLOC_ARENA_MAX: '1' },
  });
  // Before it has begun any thread: on Linux each thread has a priority of its own, which its threads inherit.
  if (child.pid !== undefined) setPriority(child.pid, 19);
  return child;
};

/** One process of the recogniser, started with its first file and again after it has died. One file at a time. */
export class RecogniserChild {
  #settings: { model: string; folder: string; clock: Clock; log: Log; startChild?: StartChild };
  #process: ChildProcess | undefined;
  #ready: PromiseWithResolvers<void> | undefined;
  #job: Job | undefined;
  #timer: Timer | undefined;
  #lastWords = '';

  constructor(settings: { model: string; folder: string; clock: Clock; log: Log; startChild?: StartChild }) {
    this.#settings = settings;
  }

  /** Rejects when the process dies, hangs, or cannot read the file. */
  async transcribe(order: Order, signal?: AbortSignal): Promise<Answer> {
    const job: Job = { ...Promise.withResolvers<Answer>(), order, utterances: [] };
    const abort = () => this.#lost('it was given up');
    signal?.addEventListener('abort', abort, { once: true });
    this.#job = job;
    job.promise.catch(() => {});
    try {
      this.#process ??= this.#start();
      this.#wait(PATIENCE_MS, 'it gave no sign of life');
      await Promise.race([this.#ready!.promise, job.promise]);
      this.#process?.send(order);
      return await job.promise;
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#job = undefined;
      if (this.#process) this.#wait(IDLE_MS);
    }
  }

  async close(): Promise<void> {
    const child = this.#process;
    this.#lost('it was closed');
    if (!child) return;
    const over = new AbortController();
    child.once('exit', () => over.abort());
    // A process that does not end even when it is killed holds up nobody for long.
    await sleep(this.#settings.clock, 2_000, over.signal).catch(() => {});
  }

  #start(): ChildProcess {
    const { model, folder, startChild = startProcess } = this.#settings;
    const child = startChild(model, folder);
    this.#ready = Promise.withResolvers();
    this.#ready.promise.catch(() => {});
    const lost = (why: string) => child === this.#process && this.#lost(why);
    const hear = (report: Report) => child === this.#process && this.#hear(report);
    child.on('message', guarded('recognizer.message', hear));
    child.on('error', (error) => lost(String(error)));
    child.on('exit', (code, signal) => lost(`it ended with ${signal ?? code}: ${this.#lastWords}`));
    child.stderr?.on('data', (text) => {
      this.#lastWords = String(text).trim().slice(-500);
    });
    return child;
  }

  #hear(report: Report): void {
    this.#wait(PATIENCE_MS, 'it gave no sign of life');
    if (report === 'ready') this.#ready!.resolve();
    else if ('utterance' in report)
      this.#job?.utterances.push({ channel: report.channel, ...report.utterance });
    else if ('error' in report) this.#job?.reject(new Error(report.error));
    else if ('done' in report) this.#finish(report.done.channels);
  }

  #finish(channels: number): void {
    const utterances = this.#job?.utterances.toSorted((a, b) => a.startMs - b.startMs) ?? [];
    this.#job?.resolve({ channels, utterances });
  }

  /** Ends the process unless something comes first; without a reason nobody is to be told. */
  #wait(ms: number, why?: string): void {
    this.#timer?.cancel();
    this.#timer = this.#settings.clock.after(ms, () => this.#lost(why));
  }

  #lost(why?: string): void {
    this.#timer?.cancel();
    const child = this.#process;
    this.#process = undefined;
    child?.kill('SIGKILL');
    if (why === undefined) return;
    if (this.#job) this.#settings.log.warn({ why }, 'the recogniser was lost');
    const error = new Error(`the recogniser was lost: ${why}`);
    this.#ready?.reject(error);
    this.#job?.reject(error);
  }
}
