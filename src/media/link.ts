import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Clock, guarded, type Log, type Random } from '../core/index.ts';
import type { RtpSockets } from '../net/index.ts';
import { type Command, FIGURES, type Report } from './protocol.ts';
import { type Files, instantFiles } from './thread/files.ts';
import { MediaThread } from './thread/media-thread.ts';

/** The wire to one media thread. */
export interface Link {
  post(command: Command): void;
  /** What the thread counts: `BEATS`, `LATE_BEATS`. */
  readonly figures: Float64Array;
  /** Ends the thread; what is open in it is not tidied up. */
  end(): Promise<void>;
}

export interface LinkEvents {
  report(report: Report): void;
  /** Once, when the thread has ended without being asked to. */
  died(cause: string): void;
}

/** Starts a media thread; the first report is `ready`. */
export type StartThread = (events: LinkEvents, host: string) => Link;

/**
 * The nice value of the media threads: −15 where the main thread has a core of its own, otherwise −5. Sound cannot
 * wait, but the main thread, which takes new calls, needs a share of the time. On a core that they share, −5 gives a
 * media thread three times the main thread's share; −20 gives it about 25 times, and the main thread starves as soon
 * as beats are late.
 */
export const mediaNice = (workers: number, cores = availableParallelism()): number =>
  workers < cores ? -15 : -5;

/**
 * A thread of its own, on the time and the network of the machine.
 * @param sockets `dgram` does without the cheaper sockets that the machine may have. @param nice see `mediaNice`.
 */
export function workerThread(
  log: Log,
  sockets: 'cheapest' | 'dgram' = 'cheapest',
  nice = mediaNice(1),
): StartThread {
  return (events, host) => {
    const figures = new Float64Array(new SharedArrayBuffer(FIGURES * 8));
    const url = new URL('./thread/worker.ts', import.meta.url);
    const worker = new Worker(url, {
      workerData: { figures, host, sockets, nice },
      execArgv: [],
      name: 'media',
    });
    let ending = false;
    let cause = 'the media thread ended';
    worker.on('message', guarded('media.report', events.report));
    worker.on('error', (error) => {
      cause = error.message;
    });
    worker.on('exit', () => {
      if (ending) return;
      log.error({ cause }, 'a media thread has died');
      guarded('media.died', events.died)(cause);
    });
    return {
      figures,
      post: (command) => worker.postMessage(command),
      end: async () => {
        ending = true;
        await worker.terminate();
      },
    };
  };
}

/** What a media thread stands on when it is none: for the simulator and for tests, in virtual time. */
export interface InProcess {
  clock: Clock;
  random: Random;
  sockets: RtpSockets;
  /** Where recordings are written; at once, unless said otherwise. */
  files?: Files;
}

/** Does the work of a media thread inside this one, by the clock that is handed in. */
export function inProcessThread({ clock, random, sockets, files = instantFiles }: InProcess): StartThread {
  return (events) => {
    const figures = new Float64Array(FIGURES);
    // As with a real thread, neither side runs inside a call of the other.
    const take = guarded('media.report', events.report);
    const report = (report: Report) => queueMicrotask(() => take(report));
    const thread = new MediaThread({ clock, random, sockets, files, figures, report });
    thread.start();
    return {
      figures,
      post: (command) => queueMicrotask(() => thread.do(command)),
      end: async () => thread.end(),
    };
  };
}
