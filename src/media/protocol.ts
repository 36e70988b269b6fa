/**
 * What the main thread and a media thread say to each other: plain data, and samples in shared memory. Numbers
 * name sessions, plays, taps and streams; the main thread gives them out and never gives one out twice.
 */

import type { Digit } from '../audio/index.ts';
import type { AudioAgreement, AudioReport, TapEnd, TapGap, TapOptions } from './sound.ts';

/** To a media thread. Commands take effect in their order, between two beats. */
export type Command =
  /** `patience`: after so many beats without a packet the far end is quiet; 0: never. */
  | { do: 'open'; session: number; host: string; port: number; patience: number }
  | { do: 'close'; session: number }
  | LinkRoom
  | SessionCommand;

/** To a session that is open. */
export type SessionCommand = TurnCommand | PlayCommand | TapCommand | StreamCommand;

export type TurnCommand =
  | { do: 'connect'; session: number; agreement: AudioAgreement }
  | { do: 'send_digits'; session: number; sending: number; digits: string }
  | { do: 'stop_digits'; session: number; sending: number }
  /** Whether keys are reported: tones are searched for only then. */
  | { do: 'listen'; session: number; on: boolean }
  /** A key that signaling brings. */
  | { do: 'signaled'; session: number; digit: Digit }
  | { do: 'enter'; session: number; room: string; muted: boolean }
  | { do: 'leave'; session: number }
  | { do: 'hold'; session: number; music: Int16Array<SharedArrayBuffer> | null }
  | { do: 'mute'; session: number; read: boolean; write: boolean }
  | { do: 'redact'; session: number; on: boolean }
  | { do: 'withhold'; session: number; on: boolean };

export type PlayCommand =
  /** Begins a play, ending the one before it; its sounds follow, then `no_more`. */
  | { do: 'play'; session: number; play: number }
  | { do: 'sound'; session: number; play: number; samples: Int16Array<SharedArrayBuffer> }
  | { do: 'no_more'; session: number; play: number }
  | { do: 'stop_play'; session: number; play: number };

export type TapCommand =
  | { do: 'tap'; session: number; tap: number; options: TapOptions }
  | { do: 'pause_tap'; session: number; tap: number; mode: 'silence' | 'skip' }
  | { do: 'resume_tap'; session: number; tap: number }
  | { do: 'stop_tap'; session: number; tap: number };

export type StreamCommand =
  | { do: 'stream'; session: number; stream: number }
  | { do: 'stream_play'; session: number; stream: number; payload: Uint8Array }
  | { do: 'stream_clear'; session: number; stream: number }
  /** To be answered when what is queued now has been heard. */
  | { do: 'stream_mark'; session: number; stream: number; mark: number }
  | { do: 'end_stream'; session: number; stream: number };

/** To a thread about a room that has members on it. */
export interface LinkRoom {
  do: 'link_room';
  room: string;
  /** Where this thread tells what its members say; null when the room has no members elsewhere. */
  own: SharedArrayBuffer | null;
  /** Where other threads do. */
  others: SharedArrayBuffer[];
}

/** From a media thread. */
export type Report = ThreadReport | OpeningReport | SessionReport;

export type ThreadReport =
  /** The thread is up; its RTP goes by these sockets. */
  | { told: 'ready'; sockets: string }
  /**
   * One beat of all streams of the thread: of each its session and its number, and 320 octets of mu-law, what comes
   * in before what goes out.
   */
  | { told: 'streamed'; streams: Uint32Array<ArrayBuffer>; sound: Uint8Array<ArrayBuffer> }
  /** An error that escaped the code that should have handled it. */
  | { told: 'defect'; origin: string; cause: string }
  /** A line for the log. */
  | { told: 'note'; fields: object; message: string };

export type OpeningReport =
  | { told: 'opened'; session: number }
  /** The port could not be had; `code` is the system's, like `EADDRINUSE`. */
  | { told: 'refused'; session: number; code: string; message: string };

/** Of a session that is open. */
export type SessionReport =
  | { told: 'digit'; session: number; digit: Digit }
  /** A key goes down, or is up; what it is comes before the latter. */
  | { told: 'key'; session: number; down: boolean }
  /** Nothing has come from the far end, which was to send, for as long as patience lasts. Told again each such time. */
  | { told: 'quiet'; session: number }
  /** A sound has been played to its end: there is room for another. */
  | { told: 'sound_done'; session: number; play: number }
  /** The last frame of the play is on the wire. */
  | { told: 'played'; session: number; play: number }
  /** The last key is out, and the pause behind it. */
  | { told: 'digits_sent'; session: number; sending: number }
  | { told: 'stream_drained'; session: number; stream: number; mark: number; how: 'heard' | 'dropped' }
  | { told: 'tap_started'; session: number; tap: number; startedAt: number }
  | { told: 'tap_gaps'; session: number; tap: number; gaps: TapGap[] }
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
/** Octets of one beat of one stream: a frame of mu-law of each track. */
export const STREAMED = 320;
