/**
 * What the main thread and a media thread say to each other: plain data, and samples in shared memory. Numbers
 * name sessions, plays and taps; the main thread gives them out and never gives one out twice.
 */
import type { AudioAgreement, AudioReport, Digit, TapEnd, TapOptions } from './audio.ts';

/** To a media thread. Commands take effect in their order, between two beats. */
export type Command =
  | { do: 'open'; session: number; host: string; port: number }
  | { do: 'close'; session: number }
  | SessionCommand;

/** To a session that is open. */
export type SessionCommand =
  | { do: 'connect'; session: number; agreement: AudioAgreement }
  /** Begins a play, ending the one before it; its sounds follow, then `no_more`. */
  | { do: 'play'; session: number; play: number }
  | { do: 'sound'; session: number; play: number; samples: Int16Array<SharedArrayBuffer> }
  | { do: 'no_more'; session: number; play: number }
  | { do: 'stop_play'; session: number; play: number }
  | { do: 'tap'; session: number; tap: number; options: TapOptions }
  | { do: 'pause_tap'; session: number; tap: number; mode: 'silence' | 'skip' }
  | { do: 'resume_tap'; session: number; tap: number }
  | { do: 'stop_tap'; session: number; tap: number }
  | { do: 'redact'; session: number; on: boolean };

/** From a media thread. */
export type Report = ThreadReport | OpeningReport | SessionReport;

export type ThreadReport =
  /** The thread is up; its RTP goes by these sockets. */
  | { told: 'ready'; sockets: string }
  /** A line for the log. */
  | { told: 'note'; fields: object; message: string };

export type OpeningReport =
  | { told: 'opened'; session: number }
  /** The port could not be had; `code` is the system's, like `EADDRINUSE`. */
  | { told: 'refused'; session: number; code: string; message: string };

/** Of a session that is open. */
export type SessionReport =
  | { told: 'digit'; session: number; digit: Digit }
  /** A sound has been played to its end: there is room for another. */
  | { told: 'sound_done'; session: number; play: number }
  /** The last frame of the play is on the wire. */
  | { told: 'played'; session: number; play: number }
  | { told: 'tap_started'; session: number; tap: number; startedAt: number }
  /** An order to pause or to resume has taken effect. */
  | { told: 'tap_turned'; session: number; tap: number }
  | { told: 'tap_ended'; session: number; tap: number; end: TapEnd }
  /** A defect ended the session; its taps are closed, and `closed` follows. */
  | { told: 'lost'; session: number; cause: string }
  | { told: 'closed'; session: number; report: AudioReport };

/** Figures that a media thread keeps in memory it shares: places in a `Float64Array`. */
export const BEATS = 0;
/** Beats that began more than 10 ms after their time. */
export const LATE_BEATS = 1;
export const FIGURES = 2;
