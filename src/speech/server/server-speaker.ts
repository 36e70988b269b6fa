import type { AudioClip } from '../../audio/index.ts';
import { type Clock, explain, Failure, type Log } from '../../core/index.ts';
import type { Speaker, SpeechOptions } from '../speaker.ts';
import { ChunkQueue, PcmStream } from './pcm-stream.ts';

/** A text-to-speech server with the interface of OpenAI's `/audio/speech`. */
export interface SpeechServer {
  /** Includes the version, without a trailing slash. */
  baseUrl: string;
  apiKey: string | null;
  model: string;
  /** Default voice, for actions and applications that name none. */
  voice: string | null;
}

/** The HTTP client that streams the response of a server. */
export interface StreamingHttp {
  request(request: {
    url: string;
    method: 'POST';
    headers: Record<string, string>;
    body: string;
    timeoutMs: number;
    maxResponseBytes: number;
    onData: (chunk: Buffer) => void;
    tenant?: string | undefined;
    signal?: AbortSignal | undefined;
  }): Promise<{ status: number; body: Buffer }>;
}

export interface ServerSpeakerOptions {
  http: StreamingHttp;
  /** The speaker used without a server, or when the server fails before its first sound. */
  fallback: Speaker;
  /** The server of an application, if it has one. */
  server(applicationId: string | undefined): SpeechServer | undefined;
  clock: Clock;
  log: Log;
}

const TIMEOUT_MS = 120_000;
/** Most octets that a server may send ahead of playback: ten minutes of speech. */
const MAX_BYTES_AHEAD = 600 * 24_000 * 2;
/** Longest wait for the first sound. */
const FIRST_SOUND_MS = 3_000;

/** Creates a speaker that streams speech from the server of an application. */
export function createServerSpeaker(options: ServerSpeakerOptions): Speaker {
  const { fallback, log } = options;
  return {
    async *speak(text, speech, signal) {
      const server = options.server(speech.applicationId);
      let hasStarted = false;
      try {
        if (server) {
          for await (const sound of stream(options, server, text, speech, signal)) {
            hasStarted = true;
            yield sound;
          }
          return;
        }
      } catch (error) {
        if (signal?.aborted) return;
        log.warn({ error: explain(error) }, 'the speech server of an application failed');
        // The caller has heard the beginning: repeating it is worse than ending early.
        if (hasStarted)
          throw new Failure('speech_failed', 'the speech server stopped in the middle of the text', {
            cause: error,
          });
      }
      yield* fallback.speak(text, speech, signal);
    },
  };
}

async function* stream(
  { http, clock }: ServerSpeakerOptions,
  { baseUrl, apiKey, model, voice }: SpeechServer,
  text: string,
  speech: SpeechOptions,
  signal: AbortSignal | undefined,
): AsyncGenerator<AudioClip> {
  const chunks = new ChunkQueue();
  const abort = new AbortController();
  const late = clock.after(FIRST_SOUND_MS, () => {
    abort.abort(new Failure('timeout', `the server sent no sound within ${FIRST_SOUND_MS} ms`));
  });
  const response = http.request({
    url: `${baseUrl}/audio/speech`,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
    },
    body: JSON.stringify({
      model,
      input: text,
      voice: speech.voice ?? voice ?? 'alloy',
      response_format: 'pcm',
    }),
    timeoutMs: TIMEOUT_MS,
    maxResponseBytes: 4096,
    onData(chunk) {
      late.cancel();
      if (chunks.bytes > MAX_BYTES_AHEAD)
        abort.abort(new Error('the server sent more than ten minutes of speech'));
      else chunks.add(chunk);
    },
    tenant: speech.customerId,
    signal: signal ? AbortSignal.any([signal, abort.signal]) : abort.signal,
  });
  response.then(
    ({ status }) => chunks.end(status < 300 ? undefined : new Error(`the server answered with ${status}`)),
    (error) => chunks.end(error),
  );
  try {
    yield* new PcmStream().clips(chunks);
  } finally {
    late.cancel();
    abort.abort(new Error('playback has ended'));
  }
}
