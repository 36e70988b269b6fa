import type { Action } from '../../contract/actions/index.ts';
import type { AudioClip, CallRecord, Dialer, Rooms, Session } from '../calls/index.ts';
import type { Clock } from '../core/index.ts';

/** Text to sound, a sentence at a time. */
export interface Speaker {
  speak(
    text: string,
    options: {
      voice?: string | undefined;
      language?: string | undefined;
      /** Who speaks for it: an application may have a voice of its own. */
      applicationId?: string | undefined;
      /** Customers take turns, and so do the calls of a customer. */
      customerId?: string | undefined;
      callId?: string | undefined;
      /** Nothing of it is stored: the text holds what a caller entered in secret. */
      isSensitive?: boolean;
    },
    signal?: AbortSignal,
  ): AsyncIterable<AudioClip>;
}

/** Sound files from the web. */
export interface Sounds {
  /**
   * Fails with `play_failed`, or with `unsupported_sound` for a file that gives no sound.
   * @param asks customers take turns, and so do the calls of a customer.
   */
  fetch(
    url: string,
    asks: { customerId: string; callId: string },
    signal: AbortSignal,
  ): Promise<FetchedSound>;
}

/** A sound that is at hand until it is released. */
export interface FetchedSound {
  /** From its beginning, piece by piece. */
  play(): AsyncIterable<AudioClip>;
  release(): void;
}

/** A call's recordings, one after the other. */
export interface Recorder {
  /** Starts one unless one is running: then that one goes on. */
  start(options: { channels: 1 | 2; format: 'wav' | 'mp3'; maxSeconds: number }): Promise<void>;
  /** Fails with `recording_not_started` when none is running, and reports that as `recording.failed`. */
  stop(): Promise<void>;
  pause(mode: 'silence' | 'skip'): Promise<void>;
  resume(): Promise<void>;
  /** Runs while a running recording is silent. A paused one stays paused. */
  silently(run: () => Promise<void>): Promise<void>;
}

/** What is asked of an application's web server. */
export interface DocumentRequest {
  url: string;
  method: 'GET' | 'POST';
  reason: 'answer' | 'redirect';
  call: CallRecord;
  /** The last gather's result, for a redirect. */
  data: Record<string, unknown>;
  secrets: string[];
  signal: AbortSignal;
  /** Told of every exchange, those that failed too. */
  onExchange(exchange: Record<string, unknown> & { status?: number | null }): void;
  /** Masks what is sensitive in what is logged. */
  mask<T>(data: T): T;
}

/** Action documents from the application's web server, checked. Fails with `answer_url_error`. */
export interface Documents {
  fetch(request: DocumentRequest): Promise<Action[]>;
}

/** A call's live streams to WebSockets. */
export interface Streams {
  /** Goes on at once; what becomes of the connection is told on the timeline. */
  start(options: { streamUrl: string; track: Track; bidirectional: boolean }): Promise<void> | void;
  /** Ends those that match; none matching is no error. */
  stop(which: { streamUrl?: string | undefined; track?: Track | undefined }): Promise<void> | void;
}

type Track = 'inbound' | 'outbound' | 'both';

/** How an application wants its calls handled. */
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

/** Everything that actions are made of. */
export interface Services {
  clock: Clock;
  speaker: Speaker;
  sounds: Sounds;
  documents: Documents;
  recorder(session: Session): Recorder;
  streams(session: Session): Streams;
  dialer: Dialer;
  rooms: Rooms;
  holdMusic(): AudioClip;
  /** Makes of a secret what may be kept in the database. */
  seal(secret: string): string;
  /** Undefined when the application is gone. */
  settings(applicationId: string): Settings | undefined;
}
