/**
 * The life cycle of a call, from its first ring to its ending. `ports.ts` declares what a call needs from other
 * modules, such as a `Leg` and a journal; this module knows neither SIP nor SQL.
 */
export { Admission, explainRefusal, type Gauges, REFUSAL_CAUSES } from './admission.ts';
export { type CallRecord, type Direction, isFinal } from './call.ts';
export { Conferences } from './conferences.ts';
export { dialEnding, type Ending, endInterrupted } from './ending.ts';
export type {
  AudioClip,
  AudioStream,
  CallJournal,
  DialedLeg,
  Dialer,
  DialRequest,
  Digit,
  EventDraft,
  ForwardedCall,
  IdempotencyKey,
  Leg,
  LegEnd,
  RefusalReason,
  Sound,
  Tap,
  TapEnd,
  TapOptions,
  TimelineEntry,
} from './ports.ts';
export { DialRefusal } from './ports.ts';
export {
  type EventCall,
  eventCallOf,
  presentCall,
  presentEventCall,
  presentTimelineEntry,
} from './present.ts';
export { CUT_MARGIN_BYTES, SensitiveCalls, storedText } from './privacy.ts';
export { Session } from './session.ts';
export type {
  BadRow,
  CallFilter,
  CallStore,
  IdempotencyStore,
  Page,
  PageRequest,
  PendingByeStore,
  QuarantineStore,
} from './store.ts';
export { type CallRoute, type InboundCall, type OutboundCall, Switchboard } from './switchboard.ts';
