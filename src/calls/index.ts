/**
 * The life cycle of a call, from its first ring to its ending. `ports.ts` declares what a call needs from other
 * modules, such as a `Leg` and a journal; this module knows neither SIP nor SQL.
 */
export {
  Admission,
  type AdmissionPorts,
  explainRefusal,
  type Gauges,
  REFUSAL_CAUSES,
  type RefusalCause,
} from './admission.ts';
export {
  type CallError,
  type CallRecord,
  type CallStatus,
  type Direction,
  durations,
  isFinal,
} from './call.ts';
export { Conferences, type Participant } from './conferences.ts';
export {
  type Blame,
  dialEnding,
  type Ending,
  endInterrupted,
  endingOf,
  finalOf,
} from './ending.ts';
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
export { presentCall, presentEventCall, presentTimelineEntry } from './present.ts';
export { CUT_MARGIN_BYTES, type HeldBack, SensitiveCalls, storedText } from './privacy.ts';
export { Session, type SessionPorts } from './session.ts';
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
export {
  type Arrival,
  type Placement,
  type Route,
  Switchboard,
  type SwitchboardPorts,
} from './switchboard.ts';
