import { type ChildProcess, fork } from 'node:child_process';
import { setPriority } from 'node:os';
import { type Clock, guarded, type Log, sleep, type Timer } from '../../core/index.ts';
import type { Utterance } from './moonshine.ts';
import type { RecognizerMessage, TranscriptionRequest } from './process.ts';

/** The speech of a recording, by channel of the file; 0 is the left one. */
export interface Transcription {
  channels: number;
  utterances: (Utterance & { channel: number })[];
}

/** Starts a process with the messages of `process.ts`. */
export type StartChild = (model: string, folder: string) => ChildProcess;

interface Job extends PromiseWithResolvers<Transcription> {
  request: TranscriptionRequest;
  utterances: Transcription['utterances'];
}

/** Longest time without a message; a busy machine leaves little time for the lowest priority. */
const SILENCE_TIMEOUT_MS = 300_000;
/** An idle process ends after this time to release its memory. */
const IDLE_MS = 60_000;

const startProcess: StartChild = (model, folder) => {
  const child = fork(new URL('./process.ts', import.meta.url), [model, folder], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: ['--max-semi-space-size=1'],
    // One heap for all native threads: each further heap would keep freed memory.
    env: { ...process.env, MALLOC_ARENA_MAX: '1' },
  });
  // Must happen before the process starts threads: on Linux each thread has its own priority, which new threads inherit.
  if (child.pid !== undefined) setPriority(child.pid, 19);
  return child;
};

/** Manages one recognizer process for one file at a time. Starts it with the first file, and again after it died. */
export class RecognizerChild {
  #settings: { model: string; folder: string; clock: Clock; log: Log; startChild?: StartChild };
  #process: ChildProcess | undefined;
  #ready: PromiseWithResolvers<void> | undefined;
  #job: Job | undefined;
  #timer: Timer | undefined;
  #lastError = '';

  constructor(settings: { model: string; folder: string; clock: Clock; log: Log; startChild?: StartChild }) {
    this.#settings = settings;
  }

  /** Transcribes a file. Rejects when the process dies, hangs, or cannot read the file. */
  async transcribe(request: TranscriptionRequest, signal?: AbortSignal): Promise<Transcription> {
    const job: Job = { ...Promise.withResolvers<Transcription>(), request, utterances: [] };
    const abort = () => this.#lost('the transcription was aborted');
    signal?.addEventListener('abort', abort, { once: true });
    this.#job = job;
    job.promise.catch(() => {});
    try {
      this.#process ??= this.#start();
      this.#wait(SILENCE_TIMEOUT_MS, 'it stopped responding');
      await Promise.race([this.#ready!.promise, job.promise]);
      this.#process?.send(request);
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
    // A process that survives SIGKILL must not delay closing for long.
    await sleep(this.#settings.clock, 2_000, over.signal).catch(() => {});
  }

  #start(): ChildProcess {
    const { model, folder, startChild = startProcess } = this.#settings;
    const child = startChild(model, folder);
    this.#ready = Promise.withResolvers();
    this.#ready.promise.catch(() => {});
    const lost = (why: string) => child === this.#process && this.#lost(why);
    const receive = (message: RecognizerMessage) => child === this.#process && this.#receive(message);
    child.on('message', guarded('recognizer.message', receive));
    child.on('error', (error) => lost(String(error)));
    child.on('exit', (code, signal) => lost(`it ended with ${signal ?? code}: ${this.#lastError}`));
    child.stderr?.on('data', (text) => {
      this.#lastError = String(text).trim().slice(-500);
    });
    return child;
  }

  #receive(message: RecognizerMessage): void {
    this.#wait(SILENCE_TIMEOUT_MS, 'it stopped responding');
    if (message === 'ready') this.#ready!.resolve();
    else if ('utterance' in message)
      this.#job?.utterances.push({ channel: message.channel, ...message.utterance });
    else if ('error' in message) this.#job?.reject(new Error(message.error));
    else if ('done' in message) this.#finish(message.done.channels);
  }

  #finish(channels: number): void {
    const utterances = this.#job?.utterances.toSorted((a, b) => a.startMs - b.startMs) ?? [];
    this.#job?.resolve({ channels, utterances });
  }

  /** Ends the process unless a message arrives within `ms`. Without a reason this is not an error. */
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
    if (this.#job) this.#settings.log.warn({ why }, 'the recognizer process ended');
    const error = new Error(`the recognizer process ended: ${why}`);
    this.#ready?.reject(error);
    this.#job?.reject(error);
  }
}
