import type { Log, Signal } from '../core/index.ts';
import type { Sound } from '../media/index.ts';

export type { AudioClip, Digit } from '../audio/index.ts';
export type { AudioStream, Sound, Tap, TapEnd, TapOptions } from '../media/index.ts';

import type { CallRecord } from './call.ts';

/** How a leg came to its end, told once. */
export interface LegEnd {
  /** `far_end`: it hung up; `application`: we did; `system`: the line or the media failed. */
  by: 'far_end' | 'application' | 'system';
  reason: string;
  /** What went wrong, where more is known than the reason. */
  message?: string;
  sipStatus?: number;
}

/** One party of a call: a SIP dialog and its sound. Everything a call can do is a function over this. */
export interface Leg {
  /** A UUID: the contract's `provider_call_id`. */
  readonly id: string;
  /** Aborted when the leg has ended, whoever ended it. */
  readonly signal: AbortSignal;
  readonly ended: Promise<LegEnd>;
  /** What this party hears and says. It closes when the leg ends. */
  readonly sound: Sound;
  /** Lets the caller hear ringing. Does nothing once answered. */
  ring(): void;
  /** Takes the call; resolves when the answer is on the wire. Rejects if the leg has ended. */
  answer(): Promise<void>;
  /** Refuses a call that was not answered. */
  refuse(reason: RefusalReason): void;
  /**
   * Ends the leg; resolves when it has ended. Idempotent.
   * @param reason given when neither the application nor the flow of the call ends it: the system does.
   */
  hangup(reason?: string): Promise<void>;
  /** Asks the far end to call someone else itself (RFC 3515); resolves when that call is up. Fails with `transfer_failed`. */
  refer(target: string, signal: AbortSignal): Promise<void>;
}

/** A call that we place, from one of a customer's trunks or phones. */
export interface DialRequest {
  /** E.164, or a SIP URI. */
  destination: string;
  /** The caller id that the far end is shown. */
  from: string;
  /** The call that this one passes on; undefined: it was asked for by itself. */
  passesOn?: PassedOn | undefined;
  customerId: string;
  timeoutMs: number;
  /** Takes the call back when aborted. */
  signal: AbortSignal;
  /** Nothing is sent before this resolves. */
  after?: Promise<void>;
  /** Header fields of the INVITE, with `X-` names. */
  sipHeaders?: Record<string, string> | undefined;
  /** The leg that this one is to talk with: both then live on the same media thread. */
  beside?: Leg;
  /** The log of the call that it is for; what is sensitive in that call is masked there. */
  log?: Log;
}

/** A call whose caller another leg is dialed for. */
export interface PassedOn {
  from: string;
  to: string;
  /** The number in `from` comes from one of the operator's trunks, and not from what a customer says. */
  isTrusted: boolean;
  /** Nobody has asked for this caller ID: where it must not be shown, another takes its place. */
  isReplaceable: boolean;
}

/** Places calls. */
export interface Dialer {
  /**
   * Starts dialling; `answer()` of the leg resolves when the far end answers, and rejects with a Failure whose
   * code is the contract's reason: `busy`, `no_answer`, `rejected`, `unreachable`, `canceled`; its `cause` is a
   * `DialRefusal` where a SIP status is known. Rejects at once with `no_active_trunk` or `invalid_request`.
   */
  dial(request: DialRequest): Promise<DialledLeg>;
  /**
   * Throws `transfer_failed` where the customer's caller may not be referred to somebody (REFER): his carrier would
   * place that call, and nobody here could charge for it. Absent: he always may.
   */
  checkRefer?(customerId: string): void;
}

/** A leg that rings at the far end. */
export interface DialledLeg extends Leg {
  /** The far end rings, or sends sound before it answers (early media). Told at most once each. */
  readonly progress: Signal<'ringing' | 'early_media'>;
}

/** The SIP status with which a dialled leg was refused. */
export class DialRefusal extends Error {
  readonly sipStatus: number;

  /** @param why what the far end answered, or why it could not be asked */
  constructor(sipStatus: number, why: string) {
    super(why);
    this.sipStatus = sipStatus;
  }
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

/** The `Idempotency-Key` of a request, and what was asked for with it. */
export interface RepeatKey {
  key: string;
  requestHash: string;
}

/** Where calls are kept. A change and the events that report it are written together or not at all. */
export interface CallJournal {
  /**
   * Resolves when it is written, or kept in memory while it cannot be.
   * @param change.refusable it is rejected then: what does not exist yet can still be refused.
   */
  commit(change: {
    call?: CallRecord;
    events?: EventDraft[];
    timeline?: TimelineEntry[];
    /** Kept with the call that it has placed. */
    repeatKey?: RepeatKey | undefined;
    refusable?: boolean;
  }): Promise<void>;
}
