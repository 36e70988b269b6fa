import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Clock, guarded, type Log, type Random } from '../core/index.ts';
import type { RtpSockets } from '../net/index.ts';
import { MessageBatch } from './message-batch.ts';
import { COUNTERS, type FromThread, type ToThread } from './protocol.ts';
import { MediaThread } from './thread/media-thread.ts';
import { type Files, instantFiles } from './thread/recording-file.ts';

/** The connection to one media thread. */
export interface Link {
  /** @param mayWait whether the message may wait for 10 ms, to arrive together with others. */
  post(message: ToThread, mayWait?: boolean): void;
  /** The counters of the thread: `BEATS`, `LATE_BEATS`. */
  readonly counters: Float64Array;
  /** Terminates the thread. What is open on it is not closed. */
  end(): Promise<void>;
}

export interface LinkEvents {
  report(message: FromThread): void;
  /** Called once, when the thread has ended by itself. */
  died(cause: string): void;
}

/** Starts a media thread. Its first message is `ready`. */
export type StartThread = (events: LinkEvents, host: string) => Link;

/**
 * The nice value of the media threads: −15 where the main thread has a core of its own, otherwise −5. Audio cannot
 * wait, but the main thread, which takes new calls, needs CPU time. On a core that they share, −5 gives a media thread
 * three times the main thread's share; −20 gives it about 25 times, and the main thread starves as soon as beats are
 * late.
 */
export const mediaNice = (workers: number, cores = availableParallelism()): number =>
  workers < cores ? -15 : -5;

/**
 * Starts worker threads, which use the clock and the network of the system.
 * @param sockets `dgram`: use no cheaper kind of socket, even where the system has one. @param nice see `mediaNice`.
 */
export function workerThread(
  { clock, log }: { clock: Clock; log: Log },
  sockets: 'cheapest' | 'dgram' = 'cheapest',
  nice = mediaNice(1),
): StartThread {
  return (events, host) => {
    const counters = new Float64Array(new SharedArrayBuffer(COUNTERS * 8));
    const url = new URL('./thread/worker.ts', import.meta.url);
    const worker = new Worker(url, {
      workerData: { counters, host, sockets, nice },
      execArgv: [],
      name: 'media',
    });
    let ending = false;
    let cause = 'the media thread ended';
    const batch = new MessageBatch<ToThread>(clock, (messages) => worker.postMessage(messages));
    const report = guarded('media.report', events.report);
    worker.on('message', (messages: FromThread[]) => {
      for (const message of messages) report(message);
    });
    worker.on('error', (error) => {
      cause = error.message;
    });
    worker.on('exit', () => {
      if (ending) return;
      log.error({ cause }, 'a media thread has died');
      guarded('media.died', events.died)(cause);
    });
    return {
      counters,
      post: (message, mayWait) => batch.add(message, mayWait),
      end: async () => {
        ending = true;
        await worker.terminate();
      },
    };
  };
}

/** The platform of a media thread that runs on the calling thread: for simulations and tests in virtual time. */
export interface InProcess {
  clock: Clock;
  random: Random;
  sockets: RtpSockets;
  /** Where recordings are written. Default: synchronously, to the disk. */
  files?: Files;
}

/** Runs a media thread on the calling thread, by the given clock. */
export function inProcessThread({ clock, random, sockets, files = instantFiles }: InProcess): StartThread {
  return (events) => {
    const counters = new Float64Array(COUNTERS);
    // As with a worker thread, neither side runs inside a call of the other.
    const take = guarded('media.report', events.report);
    const report = (message: FromThread) => queueMicrotask(() => take(message));
    const thread = new MediaThread({ clock, random, sockets, files, counters, report });
    thread.start();
    return {
      counters,
      post: (message) => queueMicrotask(() => thread.take(message)),
      end: async () => thread.end(),
    };
  };
}
