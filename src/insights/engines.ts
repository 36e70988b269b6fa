import { explain, type Log } from '../core/index.ts';
import type { RecordingRecord } from '../recordings/index.ts';

import type { PartName, Parts, Scorecard, Segment, SpokenSegment } from './insight.ts';

/** The speech of a recording, in order of time. */
export interface Transcription {
  engine: string;
  /** BCP 47; empty if nothing was said. */
  language: string;
  segments: Segment[];
}

/** Transcribes recordings. */
export interface Transcriber {
  /** @param path the file of the recording. */
  transcribe(recording: RecordingRecord, path: string, signal: AbortSignal): Promise<Transcription>;
}

/** The input of an analysis. */
export interface AnalysisInput {
  /** Customers take turns. */
  customerId: string;
  /** All segments of the call. */
  spoken: SpokenSegment[];
  scorecard: Scorecard;
}

/** Analyzes transcripts. */
export interface Analyst {
  /** Name of the engine, which every result states. */
  readonly engine: string;
  analyze<Name extends PartName>(
    part: Name,
    material: AnalysisInput,
    signal: AbortSignal,
  ): Promise<Parts[Name]>;
}

/** The engines of an application, in order of preference. */
export interface Engines {
  transcribers: Transcriber[];
  analysts: Analyst[];
}

/** Tries engines in order until one succeeds. Rejects with the error of the last one. */
export async function tryInOrder<Engine, Result>(
  engines: Engine[],
  ask: (engine: Engine) => Promise<Result>,
  signal: AbortSignal,
  log: Log,
): Promise<Result> {
  let failure: unknown = new Error('no engine is configured');
  for (const engine of engines) {
    try {
      return await ask(engine);
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
      log.warn({ error: explain(error) }, 'an AI engine failed');
    }
  }
  throw failure;
}
