import type { Action, ActionOf, ActionType } from '../../contract/actions/index.ts';
import type { Ending, Leg, Session } from '../calls/index.ts';
import type { Services, Settings } from './ports.ts';
import type { TypeAhead } from './type-ahead.ts';

/** What the last gather heard: handed to the next document's request. */
export interface Gathered {
  digits: string;
  status: 'completed' | 'timed_out' | 'canceled';
  timed_out: boolean;
}

/** Where the execution of one call's actions stands. An action sees the call through this. */
export interface Flow {
  readonly session: Session;
  readonly leg: Leg;
  readonly services: Services;
  readonly settings: Settings;
  readonly keys: TypeAhead;
  /** Aborted when the call ends or another document takes over: every wait of an action takes it. */
  signal: AbortSignal;
  gathered: Gathered | undefined;
  /** The digits are sensitive, and no document was given for them yet. */
  gatheredInSecret: boolean;
  /** When the last sound was played to its end, on the monotonic clock. */
  playedAt: number;
  /** What `mute` has cut off, and the room that the caller only listens to. */
  muted: { read: boolean; write: boolean; room: string | undefined };
  /** Redirects followed so far in this call. */
  redirects: number;
  /** The fallback URL is asked once in a call. */
  fallbackAsked: boolean;
}

/** What an action makes of the list that it stands in. Nothing: the next action follows. */
export type Outcome =
  | { kind: 'replace'; actions: Action[] }
  /** `transferred`: the far end may have hung up by it; that does not interrupt the action. */
  | { kind: 'end'; ending: Ending; transferred?: true };

/** Carries out one action. A `Failure` is noted on the timeline and the flow goes on with the next one. */
export type Perform<T extends ActionType> = (action: ActionOf<T>, flow: Flow) => Promise<Outcome | undefined>;
