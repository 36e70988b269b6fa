import type { RecordingRecord } from '../recordings/index.ts';
import type { Spoken } from './heuristic/sentences.ts';
import type { PartName, Parts, Scorecard, Segment } from './insight.ts';

/** What was said on a recording, in order of time. */
export interface Heard {
  engine: string;
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
