import type { Log, Signal } from '../core/index.ts';
import type { Sound } from '../media/index.ts';

export type { AudioClip, Digit } from '../audio/index.ts';
export type { AudioStream, Sound, Tap, TapEnd, TapOptions } from '../media/index.ts';

import type { CallRecord } from './call.ts';

/** How a leg ended. */
export interface LegEnd {
  /** `far_end`: it hung up; `application`: MiniVoice hung up; `system`: signaling or media failed. */
  by: 'far_end' | 'application' | 'system';
  reason: string;
  /** A description of the error, if there is more than the reason. */
  message?: string;
  sipStatus?: number;
}

/** One party of a call: a SIP dialog and its sound. Everything that a call can do is a function over this. */
export interface Leg {
  /** A UUID: the contract's `provider_call_id`. */
  readonly id: string;
  /** Aborted when the leg has ended. */
  readonly signal: AbortSignal;
  readonly ended: Promise<LegEnd>;
  /** What this party hears and says. It closes when the leg ends. */
  readonly sound: Sound;
  /** Lets the caller hear ringing. Does nothing after the answer. */
  ring(): void;
  /** Answers the call. Resolves when the answer was sent; rejects if the leg has ended. */
  answer(): Promise<void>;
  /** Refuses a call that was not answered. */
  refuse(reason: RefusalReason): void;
  /**
   * Ends the leg. Resolves when it has ended. Idempotent.
   * @param reason the error code if the system ends the leg, and not the application or the call's flow.
   */
  hangup(reason?: string): Promise<void>;
  /**
   * Asks the far end to call the target directly (RFC 3515). Resolves when it reports success.
   * @throws Failure `transfer_failed`.
   */
  refer(target: string, signal: AbortSignal): Promise<void>;
}

/** A request to dial a leg. */
export interface DialRequest {
  /** An E.164 number or a SIP URI. */
  destination: string;
  /** The caller ID. */
  from: string;
  /** The call that the new leg forwards; undefined for an outbound call. */
  forwardedCall?: ForwardedCall | undefined;
  customerId: string;
  timeoutMs: number;
  /** Cancels the leg when aborted. */
  signal: AbortSignal;
  /** The INVITE is sent after this resolves. */
  after?: Promise<void>;
  /** Header fields of the INVITE, with `X-` names. */
  sipHeaders?: Record<string, string> | undefined;
  /** The leg to connect with: both then use the same media thread. */
  beside?: Leg;
  /** The log of the call, which masks its sensitive values. */
  log?: Log;
}

/** The call for whose caller a leg is dialed. */
export interface ForwardedCall {
  from: string;
  to: string;
  /** `from` came in on one of the operator's trunks, so it is reliable. */
  isTrusted: boolean;
  /** The caller ID is a default: where it must not be shown, another one replaces it. */
  isReplaceable: boolean;
}

/** Dials legs. */
export interface Dialer {
  /**
   * Starts to dial. `answer()` of the leg resolves when the far end answers, or rejects with a Failure whose code is the
   * contract's reason: `busy`, `no_answer`, `rejected`, `unreachable`, `canceled`. Its `cause` is a `DialRefusal` if
   * there is a SIP status.
   * @throws Failure `no_active_trunk`, `invalid_request`.
   */
  dial(request: DialRequest): Promise<DialedLeg>;
  /**
   * Throws `transfer_failed` if the customer's callers may not be transferred by REFER. The caller's carrier places
   * such a call, so the customer is not charged for it. Absent: REFER is always permitted.
   */
  checkRefer?(customerId: string): void;
}

/** A leg that was dialed and is not answered yet. */
export interface DialedLeg extends Leg {
  /** The far end rings, or sends early media. Each is emitted at most once. */
  readonly progress: Signal<'ringing' | 'early_media'>;
}

/** The SIP status of a dialed leg that was refused. */
export class DialRefusal extends Error {
  readonly sipStatus: number;

  /** @param message what the far end responded, or why it could not be reached. */
  constructor(sipStatus: number, message: string) {
    super(message);
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

/** An event before it is committed. The storage assigns `sequence` and `event_key`. */
export interface EventDraft {
  event: string;
  at: number;
  /** The call at the time of the event. */
  call: CallRecord;
  data: Record<string, unknown>;
}

/** An entry of a call's timeline, which shows developers what happened. */
export interface TimelineEntry {
  callId: string;
  at: number;
  /** `request`, `action`, `leg`, `recording`, … */
  kind: string;
  data: Record<string, unknown>;
}

/** The `Idempotency-Key` of a request, and a hash of the request. */
export interface IdempotencyKey {
  key: string;
  requestHash: string;
}

/** Writes calls. A change and the events that report it are written together, or not at all. */
export interface CallJournal {
  /**
   * Resolves when the change is written, or kept in memory while nothing can be written.
   * @param change.refusable rejects instead of keeping the change in memory: a new call can still be refused.
   */
  commit(change: {
    call?: CallRecord;
    events?: EventDraft[];
    timeline?: TimelineEntry[];
    /** Stored with the call that it placed. */
    idempotencyKey?: IdempotencyKey | undefined;
    refusable?: boolean;
  }): Promise<void>;
}
