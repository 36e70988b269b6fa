import type { RandomChoice } from './random-choice.ts';

/** The outcome of an input: accepted, or refused as specified. */
export type Verdict = 'accepted' | 'refused';

/** A component of MiniVoice that untrusted sources reach. */
export interface Target {
  name: string;
  /** Share of all inputs, in thousandths; cheap targets get more than those that need a thread. */
  share: number;
  /** Valid inputs to mutate. */
  corpus: readonly Buffer[];
  /** Generates an input by the grammar, valid or not; if unset, all inputs are mutated from the corpus. */
  generate?(random: RandomChoice): Buffer;
  open(): Promise<Subject>;
}

/** An open target. */
export interface Subject {
  /** Processes an input. Throws if the component violates its specification. */
  process(input: Buffer): Verdict | Promise<Verdict>;
  /** Lets all timers run out. @returns the open resources in words; empty if there are none. */
  settle(): Promise<string[]>;
  close(): Promise<void>;
}

/** Opens a target without state between inputs. */
export const stateless = (process: Subject['process']): (() => Promise<Subject>) => {
  return async () => ({ process, settle: async () => [], close: async () => {} });
};
