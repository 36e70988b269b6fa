import { explain, type Log } from '../core/index.ts';
import type { RecordingRecord } from '../recordings/index.ts';
import type { Spoken } from './heuristic/sentences.ts';
import type { PartName, Parts, Scorecard, Segment } from './insight.ts';

/** What was said on a recording, in order of time. */
export interface Heard {
  engine: string;
  /** BCP 47; empty where nothing was said. */
  language: string;
  segments: Segment[];
}

/** Sound to text. */
export interface Transcriber {
  /** @param path where the recording's file is. */
  transcribe(recording: RecordingRecord, path: string, signal: AbortSignal): Promise<Heard>;
}

/** What an analysis is made of. */
export interface Material {
  /** Whose call it is: customers take turns. */
  customerId: string;
  /** All that was said on the call. */
  spoken: Spoken[];
  scorecard: Scorecard;
}

/** Text to meaning. */
export interface Analyst {
  /** Whose work it is: every result says so. */
  readonly engine: string;
  analyse<Name extends PartName>(part: Name, material: Material, signal: AbortSignal): Promise<Parts[Name]>;
}

/** The engines of an application, the preferred one first. */
export interface Engines {
  transcribers: Transcriber[];
  analysts: Analyst[];
}

/** Asks one after the other until one does it. Rejects with the last one's reason. */
export async function firstOf<Engine, Result>(
  engines: Engine[],
  ask: (engine: Engine) => Promise<Result>,
  signal: AbortSignal,
  log: Log,
): Promise<Result> {
  let failure: unknown = new Error('there is no engine for it');
  for (const engine of engines) {
    try {
      return await ask(engine);
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
      log.warn({ error: explain(error) }, 'an engine of insights failed');
    }
  }
  throw failure;
}
