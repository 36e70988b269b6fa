import type { AudioClip, Digit } from '../audio/index.ts';
import type { Signal } from '../core/index.ts';
import type { AudioAgreement, AudioReport } from './agreement.ts';
import type { Describes } from './protocol.ts';

/**
 * The sound of one party, on an RTP port of its own. A media thread serves it; the main thread holds a proxy.
 * To add a feature, declare it here (with its entry in `SOUND`) and implement it in `MediaSession`.
 */
export interface Sound {
  /** Where RTP is received. RTCP uses the next port, or the same port with rtcp-mux. */
  readonly local: { address: string; port: number };
  /**
   * Emits each key press of the far end once, from RFC 4733 events, `signaled` digits, or in-band tones. Tones are
   * detected only where events were not agreed on, and only while there is a listener, because detection costs CPU
   * time: listen only while digits matter.
   */
  readonly digits: Signal<Digit>;
  /** Emits true when a key goes down, and false when it is up, after its digit; at the latest 30 s later. */
  readonly held: Signal<boolean>;
  /** Emits the cause when a defect or the death of its thread ends the sound. Nothing is played or heard from then on. */
  readonly lost: Signal<string>;
  /** Emits after each `quietSeconds` of the engine without RTP and RTCP, except on hold. */
  readonly quiet: Signal<void>;
  /** Starts RTP as agreed, or changes it after a re-INVITE. */
  connect(agreement: AudioAgreement): void;
  /**
   * Plays clips one after the other. A new `play` stops the running one.
   * @returns `finished` when the last sample is on the wire, `stopped` when it was cut short.
   */
  play(clips: AsyncIterable<AudioClip>, signal?: AbortSignal): Promise<'finished' | 'stopped'>;
  /**
   * Opens a file for the audio of both directions. The first frame is the one of the next beat. Rejects with
   * `tap_failed` when the file cannot be written, with `audio_closed` when the sound is closed.
   */
  tap(options: TapOptions): Promise<Tap>;
  /**
   * Sends digits (`0-9 * # A-D`), each for 100 ms, followed by a pause of 100 ms. They are RFC 4733 events, or, where
   * these were not agreed on, tones that replace what plays. Resolves after the last. Rejects with the signal's reason
   * when aborted, with `audio_closed` when the sound closes, with `invalid_request` for other characters.
   */
  sendDigits(digits: string, signal?: AbortSignal): Promise<void>;
  /** Takes a digit that the far end sent by signaling (SIP INFO). A press that also arrives in RTP counts once. */
  signaled(digit: Digit): void;
  /**
   * Joins the mixer of this name from the next beat, and leaves any other. Each input hears all others, and what is
   * played to it besides. Between exactly two, RFC 4733 digits of one are sent on to the other.
   * @param options `muted`: only listens while in this mixer. Joining again changes that.
   */
  join(mixer: string, options?: { muted?: boolean }): void;
  /** Leaves the mixer. Idempotent. */
  leave(): void;
  /**
   * Plays hold music in a loop, under what is played. The far end hears nothing of the mixer, and no mixer and no
   * stream hears the far end; its own taps still do. Null ends it.
   */
  hold(music: AudioClip | null): void;
  /**
   * Mutes directions until the next call, in every mixer. `write`: mixers and streams do not hear the far end.
   * `read`: the far end does not hear the mixer; it still hears what is played.
   */
  mute(directions: { read: boolean; write: boolean }): void;
  /** Opens a live stream of both directions, from the next beat until it or the sound is closed. */
  stream(): AudioStream;
  /**
   * While on, replaces the far end's audio and digits by silence in all taps and streams. This includes the taps of the
   * mixer's other inputs, and the tones of `sendDigits`.
   */
  redact(on: boolean): void;
  /** While on, the taps and streams of the mixer's other inputs get silence in place of the far end. */
  privacyHold(on: boolean): void;
  /** Ends RTP, closes all taps, and releases the port. Idempotent. */
  close(): Promise<AudioReport>;
}

/** A WAV file that a sound is written to, both channels on one clock. */
export interface Tap {
  /** Wall-clock milliseconds of the first frame in the file. */
  readonly startedAt: number;
  /** Emits all gaps so far when one begins or ends, before the call that caused it is answered. */
  readonly gapped: Signal<TapGap[]>;
  /** The gaps so far. */
  readonly gaps: TapGap[];
  pause(mode: 'silence' | 'skip'): Promise<void>;
  resume(): Promise<void>;
  /** Resolves when the file is closed, complete, and readable. Every call has the same result. */
  stop(): Promise<TapEnd>;
  /** Resolves when the file is closed, for any cause. Never rejects. */
  readonly ended: Promise<TapEnd>;
}

export interface TapOptions {
  /** The WAV file; its folder exists. */
  path: string;
  /** 1 mixes both directions; 2 writes the far end to the left channel, and what it hears to the right. */
  channels: 1 | 2;
  maxSeconds: number;
}

/** The result of a tap. */
export interface TapEnd {
  /** `closed`: the sound was closed while the tap ran. */
  cause: 'stopped' | 'closed' | 'max_reached' | 'write_failed';
  /** The message of the operating system, with `write_failed`. */
  error?: string;
  /** Samples per channel in the file. */
  samples: number;
  gaps: TapGap[];
}

/** A part that a tap leaves out, in milliseconds since its first frame. A gap that goes on ends where it began. */
export interface TapGap {
  startMs: number;
  endMs: number;
  cause: 'pause' | 'skip' | 'sensitive';
}

/** A live stream of a sound: mu-law, 8 kHz, in frames of 20 ms (160 octets). */
export interface AudioStream extends ServedStream {
  /** Emits what the far end says (`inbound`) and hears (`outbound`), frame by frame, in order per track. */
  readonly frames: Signal<{ track: 'inbound' | 'outbound'; payload: Uint8Array }>;
}

/** A stream as its thread serves it. Its frames leave in one batch with those of all other streams. */
export interface ServedStream {
  /** Queues audio of any length for the far end. Drops what exceeds 60 s. */
  play(payload: Uint8Array): void;
  /** Drops the queue. */
  clear(): void;
  /** Resolves when everything queued so far has been played (`heard`), or any of it was dropped. */
  drained(): Promise<'heard' | 'dropped'>;
  close(): void;
}

/** A sound as its thread serves it. */
export type ServedSound = Omit<Sound, 'stream'> & { stream(): ServedStream };

/** How a tap crosses to its thread. */
export const TAP: Describes<Tap> = {
  methods: { pause: { resolvesWith: undefined }, resume: { resolvesWith: undefined }, stop: 'call' },
  events: { gapped: 'always', ended: 'once' },
  fields: ['startedAt', 'gaps'],
  endsItself: true,
};

/** How a stream crosses to its thread. */
export const STREAM: Describes<ServedStream> = {
  methods: { play: 'send', clear: 'send', drained: { resolvesWith: 'dropped' }, close: 'end' },
  events: {},
  fields: [],
};

/** How a sound crosses to its thread. */
export const SOUND: Describes<Sound> = {
  methods: {
    connect: 'send',
    play: { resolvesWith: 'stopped' },
    tap: { opens: TAP, failsWith: 'tap_failed' },
    sendDigits: 'call',
    signaled: 'send',
    join: 'send',
    leave: 'send',
    hold: 'send_changes',
    mute: 'send',
    stream: { returns: STREAM },
    redact: 'send',
    privacyHold: 'send',
    close: 'close',
  },
  // Calls begin and end together then: their answers share messages, and what follows shares transactions.
  mayWait: ['connect', 'close'],
  events: { digits: 'while_listened', held: 'always', lost: 'always', quiet: 'always' },
  fields: ['local'],
};

/** A media thread: opens sounds, and links its mixers with those of other threads. */
export interface ThreadInterface {
  /** Emits when the first input joins a mixer on this thread, and when the last leaves it. */
  readonly mixers: Signal<MixerUse>;
  /** Takes a port and the one above it. Rejects with the code of the system when they cannot be bound. */
  open(options: OpenOptions): Promise<Sound>;
  /**
   * Connects a mixer with the inputs of other threads.
   * @param own where this thread writes its sum; null: no other thread has inputs. @param others where others do.
   */
  linkMixer(name: string, own: SharedArrayBuffer | null, others: SharedArrayBuffer[]): void;
}

export interface MixerUse {
  name: string;
  isUsed: boolean;
}

export interface OpenOptions {
  host: string;
  port: number;
  /** Beats without a packet after which `quiet` is emitted; 0: never. */
  quietBeats: number;
}

/** How the calls of a media thread cross to it. */
export const THREAD: Describes<ThreadInterface> = {
  methods: { open: { opens: SOUND, failsWith: 'no_media_port' }, linkMixer: 'send' },
  mayWait: ['open'],
  events: { mixers: 'always' },
  fields: [],
};
