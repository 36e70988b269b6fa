import type { Signal } from '../kit/index.ts';
import type { Digit, Sound, Tap, TapOptions } from '../media/index.ts';

export type { Digit, Sound, Tap, TapEnd, TapOptions } from '../media/index.ts';

import type { CallRecord } from './call.ts';

/** How a leg came to its end, told once. */
export interface LegEnd {
  /** `caller`: the far end hung up; `application`: we did; `system`: the line or the media failed. */
  by: 'caller' | 'application' | 'system';
  reason: string;
  sipStatus?: number;
}

/** One party of a call: a SIP dialog and its audio. Everything a call can do is a function over this. */
export interface Leg {
  /** A UUID: the contract's `provider_call_id`. */
  readonly id: string;
  /** Aborted when the leg has ended, whoever ended it. */
  readonly signal: AbortSignal;
  readonly ended: Promise<LegEnd>;
  readonly digits: Signal<Digit>;
  /** Lets the caller hear ringing. Does nothing once answered. */
  ring(): void;
  /** Takes the call; resolves when the answer is on the wire. Rejects if the leg has ended. */
  answer(): Promise<void>;
  /** Refuses a call that was not answered. */
  refuse(reason: RefusalReason): void;
  /** Ends the leg; resolves when it has ended. Idempotent. */
  hangup(): Promise<void>;
  /**
   * Plays sounds one after the other; a new `play` stops the running one.
   * @returns `finished` when the last sample is on the wire, `stopped` when it was cut short.
   */
  play(sounds: AsyncIterable<Sound>, signal?: AbortSignal): Promise<'finished' | 'stopped'>;
  /** Opens a file for the leg's sound; the first frame is the one after this takes effect. */
  tap(options: TapOptions): Promise<Tap>;
  /** While on, what the caller says or presses is silence in every tap. */
  redact(on: boolean): void;
}

export type RefusalReason =
  | 'busy'
  | 'rejected'
  | 'not_found'
  | 'unavailable'
  | 'not_acceptable'
  | 'overloaded';

/** An event before it has its number: storage gives `sequence` and `event_key` as it is committed. */
export interface EventDraft {
  event: string;
  at: number;
  /** The call as it is at this moment. */
  call: CallRecord;
  data: Record<string, unknown>;
}

/** One line of a call's story, for the developer who asks why. */
export interface TimelineEntry {
  callId: string;
  at: number;
  /** `request`, `action`, `leg`, `recording`, … */
  kind: string;
  data: Record<string, unknown>;
}

/** Where calls are kept. A change and the events that report it are written together or not at all. */
export interface CallJournal {
  commit(change: { call?: CallRecord; events?: EventDraft[]; timeline?: TimelineEntry[] }): Promise<void>;
}
