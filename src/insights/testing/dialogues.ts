import type { Sentiment, Speaker } from '../insight.ts';

/** A call in words, and what a person says of its mood. */
export interface Dialogue {
  name: string;
  /** How the caller went away, in a person's judgement. */
  sentiment: Sentiment;
  lines: [speaker: Speaker, text: string][];
}
