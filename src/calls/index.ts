/**
 * The life of a call, from its first ring to its one ending. This room says what it needs of the others in
 * `ports.ts` (a Leg, a journal) and knows neither SIP nor SQL.
 */
export {
  Admission,
  type AdmissionPorts,
  explainRefusal,
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
export { type Blame, type Ending, endingOf, finalOf } from './ending.ts';
export type { Hushed } from './hush.ts';
export { endInterrupted } from './interrupted.ts';
export type {
  AudioClip,
  AudioStream,
  CallJournal,
  Dialer,
  DialledLeg,
  DialRequest,
  Digit,
  EventDraft,
  Leg,
  LegEnd,
  PassedOn,
  RefusalReason,
  RepeatKey,
  Sound,
  Tap,
  TapEnd,
  TapOptions,
  TimelineEntry,
} from './ports.ts';
export { DialRefusal } from './ports.ts';
export { presentCall, presentEventCall, presentTimelineEntry } from './present.ts';
export { Rooms, type Seat } from './rooms.ts';
export { CUT_MARGIN_BYTES, SensitiveCalls, storedText } from './sensitive-calls.ts';
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
