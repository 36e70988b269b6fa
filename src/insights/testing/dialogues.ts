import type { Sentiment, Speaker } from '../insight.ts';

/** A transcript of a call, and its sentiment as a person judged it. */
export interface Dialogue {
  name: string;
  /** The mood of the caller at the end, as a person judged it. */
  sentiment: Sentiment;
  lines: [speaker: Speaker, text: string][];
}
