import { availableParallelism } from 'node:os';
import type { Clock, Log } from '../../core/index.ts';
import { Failure, FairQueue } from '../../core/index.ts';
import { type Answer, RecogniserChild, type StartChild } from './child.ts';
import type { ModelName } from './models.ts';
import type { Silence } from './process.ts';

export interface RecogniserSettings {
  model: ModelName;
  /** Folder for what is made once and kept; made when it is missing. */
  folder: string;
  /** Recordings at once, each with a process of one thread and some 450 MB. Default 1. */
  atOnce?: number;
  clock: Clock;
  log: Log;
  /** For tests. */
  startChild?: StartChild;
}

/** Sound to text. */
export interface Recogniser {
  /** What its results are labelled with. */
  readonly engine: string;
  /**
   * What is said in a recording, English, in order of time. Rejects with `recognition_failed`; a later try may
   * succeed. `signal` gives it up.
   * @param customerId whose recording it is: customers take turns.
   */
  transcribe(path: string, silent?: Silence[], signal?: AbortSignal, customerId?: string): Promise<Answer>;
  /** Gives up what is running. */
  close(): Promise<void>;
}

/**
 * The recogniser that comes with the program. It lives in processes of the lowest priority, so that it neither
 * makes a packet late nor takes the program with it when native code fails; they are started when there is
 * work, and end when there has been none for a minute.
 */
export function createRecogniser(settings: RecogniserSettings): Recogniser {
  const atOnce = Math.min(settings.atOnce ?? 1, availableParallelism());
  const children = Array.from({ length: atOnce }, () => new RecogniserChild(settings));
  const idle = [...children];
  let freed = Promise.withResolvers<void>();
  const engine = `moonshine-${settings.model}`;
  const failure = (why: string) =>
    new Failure('recognition_failed', `the recording could not be transcribed: ${why}`);
  const { clock } = settings;
  const queue = new FairQueue({ clock, atOnce, maxWaitingPerTenant: Number.POSITIVE_INFINITY, failure });

  /** @param over is aborted when nobody waits for it any more: its process is then ended, and free again. */
  async function hear(order: { path: string; silent: Silence[] }, over: AbortSignal): Promise<Answer> {
    // A process that is being ended is free a moment later than its place in the queue.
    while (idle.length === 0) await freed.promise;
    over.throwIfAborted();
    const child = idle.pop()!;
    try {
      return await child.transcribe(order, over);
    } catch (error) {
      throw new Failure('recognition_failed', 'the recording could not be transcribed', { cause: error });
    } finally {
      idle.push(child);
      freed.resolve();
      freed = Promise.withResolvers();
    }
  }

  return {
    engine,
    transcribe: (path, silent = [], signal, tenant = '') =>
      queue.run({ tenant, signal }, (over) => hear({ path, silent }, over)),
    async close() {
      queue.close();
      await Promise.all(children.map((one) => one.close()));
    },
  };
}
