import type { Chance } from './chance.ts';

/** What became of an input: it made sense, or it was refused in the way that is promised. */
export type Verdict = 'taken' | 'refused';

/** One part of MiniVoice that strangers can send to. */
export interface Target {
  name: string;
  /** Its part of all inputs, in thousandths: what is cheap gets many, what needs a thread gets few. */
  share: number;
  /** Sound inputs, to be broken. */
  corpus: readonly Buffer[];
  /** Writes an input by the grammar, sound or not; where it is missing, all are broken ones of the corpus. */
  write?(chance: Chance): Buffer;
  open(): Promise<Subject>;
}

/** A target that is set up. */
export interface Subject {
  /** Throws when something is not as promised. */
  take(input: Buffer): Verdict | Promise<Verdict>;
  /** Lets everything run out. @returns what was left open, in words; empty is right. */
  settle(): Promise<string[]>;
  close(): Promise<void>;
}

/** For targets that keep nothing between two inputs. */
export const stateless = (take: Subject['take']): (() => Promise<Subject>) => {
  return async () => ({ take, settle: async () => [], close: async () => {} });
};
