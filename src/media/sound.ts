import type { AudioClip, CodecName, Digit } from '../audio/index.ts';
import type { Signal } from '../core/index.ts';

/** What offer and answer agreed on, as far as sound is concerned. */
export interface AudioAgreement {
  /** Where RTP is sent until the far end is heard from elsewhere (symmetric RTP). Port 0: send nothing. */
  remote: { address: string; port: number };
  /** Where its signalling comes from: for a second only there and at `remote` it may be heard. Undefined: anywhere. */
  signalledFrom?: string;
  codec: { name: CodecName; payloadType: number };
  /** Null: digits are listened for and sent in-band. */
  telephoneEvent: TelephoneEvent | null;
  /** Everything that the far end may send; undefined: the codec and the events above only. */
  receives?: {
    codecs: AudioAgreement['codec'][];
    telephoneEvents: TelephoneEvent[];
  };
  /** As seen from here: `sendonly` and `inactive` hear nothing of the far end. */
  direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
  /** The far end takes RTCP on the RTP port (RFC 5761). */
  rtcpMux: boolean;
  /** Keys and salts, where AES_CM_128_HMAC_SHA1_80 or its _32 was agreed on (RFC 4568). */
  srtp?: SrtpKeys;
}

/** Events of RFC 4733, on a clock of 8 kHz unless said otherwise. */
interface TelephoneEvent {
  payloadType: number;
  clockRate?: 16_000 | 48_000;
}

/** One key for each direction, 30 octets in base64. */
export interface SrtpKeys {
  send: string;
  receive: string;
  /** Octets of the tag of each RTP packet; 10 when left out. */
  tagBytes?: 4;
  /** Octets of the key identifier (MKI) in each packet that is received; 0 when left out. */
  mkiBytes?: number;
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
  gaps: TapGap[];
}

/** What a tap leaves out, in milliseconds since its first frame. One that still goes on ends where it began. */
export interface TapGap {
  startMs: number;
  endMs: number;
  cause: 'pause' | 'skip' | 'sensitive';
}

/** Sound on its way into a WAV file, both channels on one clock. */
export interface Tap {
  /** Wall-clock milliseconds of the first frame that is in the file. */
  readonly startedAt: number;
  /** Told of all gaps so far when one begins or ends, before the order that did so is answered. */
  readonly gapped: Signal<TapGap[]>;
  /** The gaps so far. */
  readonly gaps: TapGap[];
  pause(mode: 'silence' | 'skip'): Promise<void>;
  resume(): Promise<void>;
  /** The file is closed, complete and readable when this resolves. Stopping twice gives the same answer. */
  stop(): Promise<TapEnd>;
  /** Resolves when the file is closed, for whatever cause. Never rejects. */
  readonly ended: Promise<TapEnd>;
}

/** The live sound of an audio for somebody outside: mu-law, 8 kHz, in frames of 20 ms (160 bytes). */
export interface AudioStream {
  /** What the far end says (`inbound`) and what it hears (`outbound`), a frame at a time, in order of each track. */
  readonly frames: Signal<{ track: 'inbound' | 'outbound'; payload: Uint8Array }>;
  /** Queues sound of any length for the far end to hear, after what is queued already. Beyond 60 s it is dropped. */
  play(payload: Uint8Array): void;
  /** Drops what is queued. */
  clear(): void;
  /** Resolves when everything queued so far has been heard, or any of it was dropped. */
  drained(): Promise<'heard' | 'dropped'>;
  close(): void;
}

/** One stream of sound both ways, on a port of its own, served by a media thread. */
export interface Sound {
  /** Where RTP is received. RTCP is on the port above, or on the same one with rtcp-mux. */
  readonly local: { address: string; port: number };
  /**
   * Each press once, whichever way it comes: as RFC 4733 events, by `signaled`, or, where events were not agreed on
   * and while somebody listens here, as tones.
   */
  readonly digits: Signal<Digit>;
  /** Emits true when a key goes down, and false when it is up, after its digit; 30 s later at the latest. */
  readonly held: Signal<boolean>;
  /** Told with the cause when a defect or the death of its thread has ended the audio: nothing is heard any more. */
  readonly lost: Signal<string>;
  /**
   * Told when neither RTP nor RTCP has come for the engine's `quietSeconds` and the call is not on
   * hold. Told again each time that so long has passed.
   */
  readonly quiet: Signal<void>;
  /** Starts the flow as agreed, or changes it after a re-INVITE. */
  connect(agreement: AudioAgreement): void;
  /**
   * Plays sounds one after the other; a new `play` stops the running one.
   * @returns `finished` when the last sample is on the wire, `stopped` when it was cut short.
   */
  play(sounds: AsyncIterable<AudioClip>, signal?: AbortSignal): Promise<'finished' | 'stopped'>;
  /**
   * Opens a file for the sound of both directions; the first frame is the next beat's. Fails with `tap_failed`
   * when the file cannot be written, with `audio_closed` after the end.
   */
  tap(options: TapOptions): Promise<Tap>;
  /**
   * Presses keys for the far end, one of `0-9 * # A-D` each: 100 ms, then 100 ms of nothing; as RFC 4733 events, or
   * as tones in place of what plays where events were not agreed on. Resolves when the last is out. Rejects with the
   * signal's reason when aborted, with `audio_closed` when the audio ends, with `invalid_request` for other keys.
   */
  sendDigits(digits: string, signal?: AbortSignal): Promise<void>;
  /** Takes a press of the far end that signaling brings (SIP INFO). What comes as sound, too, counts once. */
  signaled(digit: Digit): void;
  /**
   * Talks with all others in the room of this name, from the next beat; who is in another room leaves that. What is
   * played is heard besides. Of two that are alone in a room, what one presses as telephone events is sent on to the
   * other; keys pressed as tones are heard as it is.
   * @param options `muted`: only listens, while in this room. To enter again changes that.
   */
  join(mixer: string, options?: { muted?: boolean }): void;
  /** Leaves the room. Idempotent. */
  leave(): void;
  /**
   * While held, the far end hears this over and over, but for what is played to it; it hears nobody in the room,
   * and what it says reaches nobody there and no stream, but its own taps. Null ends it.
   */
  hold(music: AudioClip | null): void;
  /**
   * `write`: neither room nor streams hear the far end. `read`: the far end does not hear the room; what is played
   * it hears. Both stay until they are said anew, in whatever room.
   */
  mute(muted: { read: boolean; write: boolean }): void;
  /** Live sound both ways for somebody outside, from the next beat until one of both is closed. */
  stream(): AudioStream;
  /**
   * While on, what the far end says or presses is silence in every tap, of others in the room too, and in every
   * stream; and so are the tones of `sendDigits`.
   */
  redact(on: boolean): void;
  /** While on, what the far end says or presses is silence in the taps and streams of others in the room. */
  privacyHold(on: boolean): void;
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
  /**
   * Takes a port on the least busy thread, or on the thread of the audio `beside` which it is to talk: that is
   * cheaper, and a frame faster. Fails with `no_media_port` when none is left.
   */
  open(options?: { beside?: Sound }): Promise<Sound>;
  /** Figures for `/metrics`. */
  readonly load: { sessions: number; beats: number; lateBeats: number };
  close(): Promise<void>;
}
