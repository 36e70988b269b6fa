import type { AudioClip, Digit } from '../audio/index.ts';
import type { Log, Signal } from '../core/index.ts';
import type { Tap, TapOptions } from '../media/index.ts';

export type { AudioClip, Digit } from '../audio/index.ts';
export type { Tap, TapEnd, TapOptions } from '../media/index.ts';

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

/** One party of a call: a SIP dialog and its audio. Everything a call can do is a function over this. */
export interface Leg {
  /** A UUID: the contract's `provider_call_id`. */
  readonly id: string;
  /** Aborted when the leg has ended, whoever ended it. */
  readonly signal: AbortSignal;
  readonly ended: Promise<LegEnd>;
  /** Each press of a key once, when it is over. Listen only while a key means something: it costs a call's sound to be searched. */
  readonly digits: Signal<Digit>;
  /** Emits true when a key goes down, and false when it is up, after its digit; 30 s later at the latest. */
  readonly held: Signal<boolean>;
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
  /**
   * Plays sounds one after the other; a new `play` stops the running one.
   * @returns `finished` when the last sample is on the wire, `stopped` when it was cut short.
   */
  play(sounds: AsyncIterable<AudioClip>, signal?: AbortSignal): Promise<'finished' | 'stopped'>;
  /** Opens a file for the leg's sound; the first frame is the one after this takes effect. */
  tap(options: TapOptions): Promise<Tap>;
  /** While on, what the far end says or presses is silence in every tap and stream. */
  redact(on: boolean): void;
  /** While on, what the far end says or presses is silence in the taps and streams of others whom it talks with. */
  withhold(on: boolean): void;
  /** Presses keys: `0-9 * # A-D`, 100 ms each and 100 ms between two; resolves when the last is out. */
  sendDigits(digits: string, signal?: AbortSignal): Promise<void>;
  /** All legs in the room of this name hear each other, and none hears itself. A leg is in one room at most. */
  enter(room: string, options?: { muted?: boolean }): void;
  leave(): void;
  /** The far end hears the music, over and over, and is heard by nobody; null ends it. Recording goes on. */
  hold(music: AudioClip | null): void;
  /** `read`: the far end no longer hears the room; `write`: the room and the streams no longer hear it. */
  mute(directions: { read: boolean; write: boolean }): void;
  /** The leg's sound for someone outside, until it is closed or the leg ends. */
  stream(): AudioStream;
  /** Asks the far end to call someone else itself (RFC 3515); resolves when that call is up. Fails with `transfer_failed`. */
  refer(target: string, signal: AbortSignal): Promise<void>;
}

/** A leg's live sound for someone outside: mu-law, 8 kHz, in frames of 20 ms (160 bytes). */
export interface AudioStream {
  /** What the far end says (`inbound`) and what it hears (`outbound`), a frame at a time, in order of each track. */
  readonly frames: Signal<{ track: 'inbound' | 'outbound'; payload: Uint8Array }>;
  /** Queues sound of any length for the far end to hear, after what is queued already. */
  play(payload: Uint8Array): void;
  /** Drops what is queued. */
  clear(): void;
  /** Resolves when everything queued so far has been heard, or was dropped. */
  drained(): Promise<'heard' | 'dropped'>;
  close(): void;
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
