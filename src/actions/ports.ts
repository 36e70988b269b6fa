import type { Action } from '../../contract/actions/index.ts';
import type { AudioClip, CallRecord, Conferences, Dialer, Session } from '../calls/index.ts';
import type { Clock } from '../core/index.ts';

/** Turns text into sound, one sentence per clip. */
export interface Speaker {
  speak(
    text: string,
    options: {
      voice?: string | undefined;
      language?: string | undefined;
      /** Selects the speech server: an application may have its own. */
      applicationId?: string | undefined;
      /** Customers take turns, and so do the calls of each customer. */
      customerId?: string | undefined;
      callId?: string | undefined;
      /** The text contains sensitive digits: its sound is not stored. */
      isSensitive?: boolean;
    },
    signal?: AbortSignal,
  ): AsyncIterable<AudioClip>;
}

/** Fetches sound files. */
export interface SoundFiles {
  /**
   * @param requester customers take turns, and so do the calls of each customer.
   * @throws Failure `play_failed`; `unsupported_sound` when the file contains no sound.
   */
  fetch(
    url: string,
    requester: { customerId: string; callId: string },
    signal: AbortSignal,
  ): Promise<FetchedSound>;
}

/** A sound that stays available until it is released. */
export interface FetchedSound {
  /** The clips from the beginning of the sound. */
  play(): AsyncIterable<AudioClip>;
  release(): void;
}

/** Records a call: one recording at a time. */
export interface Recorder {
  /** Starts a recording unless one is running. */
  start(options: { channels: 1 | 2; format: 'wav' | 'mp3'; maxSeconds: number }): Promise<void>;
  /** @throws Failure `recording_not_started` when none is running, after reporting `recording.failed`. */
  stop(): Promise<void>;
  pause(mode: 'silence' | 'skip'): Promise<void>;
  resume(): Promise<void>;
  /** Replaces the recording by silence while `run` is pending. A paused recording stays paused. */
  silently(run: () => Promise<void>): Promise<void>;
}

/** A request for actions to an application's web server. */
export interface DocumentRequest {
  url: string;
  method: 'GET' | 'POST';
  reason: 'answer' | 'redirect';
  call: CallRecord;
  /** The last gather's result, for a redirect. */
  data: Record<string, unknown>;
  secrets: string[];
  signal: AbortSignal;
  /** Called after every exchange, also after a failed one. */
  onExchange(exchange: Record<string, unknown> & { status?: number | null }): void;
  /** Masks the call's sensitive values in logged data. */
  mask<T>(data: T): T;
}

/** Fetches and validates documents with actions. @throws Failure `answer_url_error`. */
export interface Documents {
  fetch(request: DocumentRequest): Promise<Action[]>;
}

/** Streams a call's live sound to WebSockets. */
export interface Streams {
  /** Starts a stream without waiting for its connection, which is reported on the timeline. */
  start(options: { streamUrl: string; track: Track; bidirectional: boolean }): Promise<void> | void;
  /** Stops the streams that match, if any. */
  stop(which: { streamUrl?: string | undefined; track?: Track | undefined }): Promise<void> | void;
}

type Track = 'inbound' | 'outbound' | 'both';

/** An application's settings for its calls. */
export interface Settings {
  answerMethod: 'GET' | 'POST';
  fallbackAnswerUrl: string | null;
  webhookUrl: string | null;
  webhookSecrets: string[];
  faultMessage: string | null;
  voice: string | null;
  language: string | null;
  recordCalls: boolean;
}

/** What actions need from other modules. */
export interface Services {
  clock: Clock;
  speaker: Speaker;
  /** Loads the voices before the first text, without waiting for them. */
  warmVoices(): void;
  sounds: SoundFiles;
  documents: Documents;
  recorder(session: Session): Recorder;
  streams(session: Session): Streams;
  dialer: Dialer;
  conferences: Conferences;
  holdMusic(): AudioClip;
  /** Encrypts a secret so that it may be stored. */
  seal(secret: string): string;
  /** Undefined when the application does not exist. */
  settings(applicationId: string): Settings | undefined;
}
