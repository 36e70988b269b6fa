import type { Action, ActionOf, ActionType } from '../../contract/actions/index.ts';
import type { Ending, Leg, Session } from '../calls/index.ts';
import type { Services, Settings } from './ports.ts';
import type { TypeAhead } from './type-ahead.ts';

/** The result of the last gather. The request for the next document carries it. */
export interface Gathered {
  digits: string;
  status: 'completed' | 'timed_out' | 'canceled';
  timed_out: boolean;
}

/** The state of a call's flow of actions. Actions get the call through this. */
export interface Flow {
  readonly session: Session;
  readonly leg: Leg;
  readonly services: Services;
  readonly settings: Settings;
  readonly keys: TypeAhead;
  /** Aborted when the call ends or another document replaces the actions. Every wait of an action takes it. */
  signal: AbortSignal;
  gathered: Gathered | undefined;
  /** The digits are sensitive, and no server has accepted them yet. */
  hasSensitiveDigits: boolean;
  /** When the last playback ended, on the monotonic clock. */
  playedAt: number;
  /** The directions that `mute` turned off, and the mixer of a conference that the caller joined muted. */
  muted: { read: boolean; write: boolean; conference: string | undefined };
  /** Redirects followed in this call. */
  redirects: number;
  /** The fallback URL is requested at most once per call. */
  fallbackUsed: boolean;
}

/** How a list of actions goes on after an action; undefined: with the next action. */
export type Outcome =
  | { kind: 'replace'; actions: Action[] }
  /** `transferred`: a hangup of the far end completes the action and does not interrupt it. */
  | { kind: 'end'; ending: Ending; transferred?: true };

/** Performs one action. A `Failure` is noted on the timeline, and the next action follows. */
export type Perform<T extends ActionType> = (action: ActionOf<T>, flow: Flow) => Promise<Outcome | undefined>;

/** Replaces each digit by `*`. */
export const maskDigits = (digits: string): string => '*'.repeat(digits.length);

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
