import { availableParallelism } from 'node:os';
import type { Clock, Log } from '../../core/index.ts';
import { Failure, FairQueue } from '../../core/index.ts';
import { RecognizerChild, type StartChild, type Transcription } from './child.ts';
import type { ModelName } from './models.ts';
import type { MutedRange, TranscriptionRequest } from './process.ts';

export interface RecognizerSettings {
  model: ModelName;
  /** Folder for derived files, which are kept; created if missing. */
  folder: string;
  /** Concurrent recordings, each in a process with one thread and about 450 MB. Default 1. */
  concurrency?: number;
  clock: Clock;
  log: Log;
  /** Starts a process; for tests. */
  startChild?: StartChild;
}

/** Speech to text. */
export interface Recognizer {
  /** Name of the engine, which every result states. */
  readonly engine: string;
  /**
   * Transcribes an English recording; utterances are in order of time. Rejects with `recognition_failed`, after which a
   * later attempt may succeed, and with the reason of an aborted signal.
   * @param customerId owner of the recording: customers take turns.
   */
  transcribe(
    path: string,
    muted?: MutedRange[],
    signal?: AbortSignal,
    customerId?: string,
  ): Promise<Transcription>;
  /** Aborts running transcriptions. */
  close(): Promise<void>;
}

/**
 * Creates the embedded recognizer. It runs in processes of the lowest priority, so that it neither delays packets nor ends
 * the program when native code fails. Processes start on demand and end after a minute without work.
 */
export function createRecognizer(settings: RecognizerSettings): Recognizer {
  const concurrency = Math.min(settings.concurrency ?? 1, availableParallelism());
  const children = Array.from({ length: concurrency }, () => new RecognizerChild(settings));
  const idle = [...children];
  let freed = Promise.withResolvers<void>();
  const engine = `moonshine-${settings.model}`;
  const failure = (why: string) =>
    new Failure('recognition_failed', `the recording could not be transcribed: ${why}`);
  const { clock } = settings;
  const queue = new FairQueue({ clock, concurrency, maxWaitingPerTenant: Number.POSITIVE_INFINITY, failure });

  /** @param aborted ends the process, which is then free again. */
  async function run(request: TranscriptionRequest, aborted: AbortSignal): Promise<Transcription> {
    // A process that is being ended becomes free a moment later than its slot in the queue.
    while (idle.length === 0) await freed.promise;
    aborted.throwIfAborted();
    const child = idle.pop()!;
    try {
      return await child.transcribe(request, aborted);
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
    transcribe: (path, muted = [], signal, tenant = '') =>
      queue.run({ tenant, signal }, ({ signal: aborted }) => run({ path, muted }, aborted)),
    async close() {
      queue.close();
      await Promise.all(children.map((one) => one.close()));
    },
  };
}
