import type { Signal } from '../kit/index.ts';

/** Sound that can be played: 8 kHz mono samples, shared with the media threads without a copy. */
export interface Sound {
  samples: Int16Array<SharedArrayBuffer>;
}

/** One key press of the far end, when it is complete. */
export interface Digit {
  /** One of `0-9 * # A-D`. */
  digit: string;
  durationMs: number;
}

/** What offer and answer agreed on, as far as sound is concerned. */
export interface AudioAgreement {
  /** Where RTP is sent until the far end is heard from elsewhere (symmetric RTP). Port 0: send nothing. */
  remote: { address: string; port: number };
  codec: { name: 'PCMU' | 'PCMA'; payloadType: number };
  /** RFC 4733 events, or null: digits are then listened for and sent in-band. */
  telephoneEvent: { payloadType: number } | null;
  /** As seen from here: `sendonly` and `inactive` hear nothing of the far end. */
  direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
  /** The far end takes RTCP on the RTP port (RFC 5761). */
  rtcpMux: boolean;
}

export interface TapOptions {
  /** Where the WAV file is written; its folder exists. */
  path: string;
  /** 1 mixes both directions; 2 keeps them apart: far end left, everything it hears right. */
  channels: 1 | 2;
  maxSeconds: number;
}

/** What became of a file that sound was written to. */
export interface TapEnd {
  /** `closed`: the audio was closed while the tap ran. */
  cause: 'stopped' | 'closed' | 'max_reached' | 'write_failed';
  /** The operating system's sentence, with `write_failed`. */
  error?: string;
  /** Samples per channel that the file holds. */
  samples: number;
  gaps: { startMs: number; endMs: number; cause: 'pause' | 'skip' | 'sensitive' }[];
}

/** Sound on its way into a WAV file, both channels on one clock. */
export interface Tap {
  /** Wall-clock milliseconds of the first frame that is in the file. */
  readonly startedAt: number;
  pause(mode: 'silence' | 'skip'): Promise<void>;
  resume(): Promise<void>;
  /** The file is closed, complete and readable when this resolves. Stopping twice gives the same answer. */
  stop(): Promise<TapEnd>;
  /** Resolves when the file is closed, for whatever cause. Never rejects. */
  readonly ended: Promise<TapEnd>;
}

/** One stream of sound both ways, on a port of its own, served by a media thread. */
export interface Audio {
  /** Where RTP is received. RTCP is on the port above, or on the same one with rtcp-mux. */
  readonly local: { address: string; port: number };
  readonly digits: Signal<Digit>;
  /** Told with the cause when a defect or the death of its thread has ended the audio: nothing is heard any more. */
  readonly lost: Signal<string>;
  /** Starts the flow as agreed, or changes it after a re-INVITE. */
  connect(agreement: AudioAgreement): void;
  /**
   * Plays sounds one after the other; a new `play` stops the running one.
   * @returns `finished` when the last sample is on the wire, `stopped` when it was cut short.
   */
  play(sounds: AsyncIterable<Sound>, signal?: AbortSignal): Promise<'finished' | 'stopped'>;
  /**
   * Opens a file for the sound of both directions; the first frame is the next beat's. Fails with `tap_failed`
   * when the file cannot be written, with `audio_closed` after the end.
   */
  tap(options: TapOptions): Promise<Tap>;
  /** While on, what the far end says or presses is silence in every tap. */
  redact(on: boolean): void;
  /** Ends the flow, closes what is tapped, gives the port back. Idempotent. */
  close(): Promise<AudioReport>;
}

/** What was seen on the wire, told at the end. */
export interface AudioReport {
  packetsSent: number;
  packetsReceived: number;
  /** Never arrived, or too late to be played. */
  packetsLost: number;
  /** RFC 3550 §6.4.1, in milliseconds. */
  jitterMs: number;
  /** What the far end last told by RTCP of the sound it gets. */
  farEnd?: {
    packetsLost: number;
    jitterMs: number;
    /** There and back; null while it is not known. */
    roundTripMs: number | null;
  };
}

/** The media threads and their ports. */
export interface MediaEngine {
  /** Takes a port on the least busy thread. Fails with `no_media_port` when none is left. */
  open(): Promise<Audio>;
  /** Figures for `/metrics`. */
  readonly load: { sessions: number; beats: number; lateBeats: number };
  close(): Promise<void>;
}
