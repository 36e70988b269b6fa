import type { AudioClip } from '../../audio/index.ts';
import { type Clock, explain, Failure, type Log } from '../../core/index.ts';
import type { Speaker, SpeechOptions } from '../speaker.ts';
import { PcmStream } from './pcm-stream.ts';
import { Pieces } from './pieces.ts';

/** A server that speaks as OpenAI's does at `/audio/speech`. */
export interface SpeechServer {
  /** With the version and without a slash at the end. */
  baseUrl: string;
  apiKey: string | null;
  model: string;
  /** Who speaks where an action and its application do not say. */
  voice: string | null;
}

/** The part of an HTTP client that is needed here. */
export interface StreamingHttp {
  request(request: {
    url: string;
    method: 'POST';
    headers: Record<string, string>;
    body: string;
    timeoutMs: number;
    maxAnswerBytes: number;
    onData: (chunk: Buffer) => void;
    tenant?: string | undefined;
    signal?: AbortSignal | undefined;
  }): Promise<{ status: number; body: Buffer }>;
}

export interface ServerSpeakerOptions {
  http: StreamingHttp;
  /** Who speaks where there is no server, and where it fails before its first sound. */
  otherwise: Speaker;
  /** The server of an application, if it has one. */
  server(applicationId: string | undefined): SpeechServer | undefined;
  clock: Clock;
  log: Log;
}

const TIMEOUT_MS = 120_000;
/** What a server may send ahead of what the caller has heard: ten minutes of speech. */
const MAX_BYTES_AHEAD = 600 * 24_000 * 2;
/** A caller does not wait for longer to hear something. */
const FIRST_SOUND_MS = 3_000;

/** Speaks through the application's own server, streamed into the call as it comes. */
export function createServerSpeaker(options: ServerSpeakerOptions): Speaker {
  const { otherwise, log } = options;
  return {
    async *speak(text, how, signal) {
      const server = options.server(how.applicationId);
      let heard = false;
      try {
        if (server) {
          for await (const sound of stream(options, server, text, how, signal)) {
            heard = true;
            yield sound;
          }
          return;
        }
      } catch (error) {
        if (signal?.aborted) return;
        log.warn({ error: explain(error) }, 'the server that speaks for an application failed');
        // The beginning was heard: said again from there it would be worse than cut short.
        if (heard) throw new Failure('speech_failed', 'the speech broke off', { cause: error });
      }
      yield* otherwise.speak(text, how, signal);
    },
  };
}

async function* stream(
  { http, clock }: ServerSpeakerOptions,
  { baseUrl, apiKey, model, voice }: SpeechServer,
  text: string,
  how: SpeechOptions,
  signal: AbortSignal | undefined,
): AsyncGenerator<AudioClip> {
  const pieces = new Pieces();
  const leaving = new AbortController();
  const late = clock.after(FIRST_SOUND_MS, () => {
    leaving.abort(new Failure('timeout', `no sound came within ${FIRST_SOUND_MS} ms`));
  });
  const asked = http.request({
    url: `${baseUrl}/audio/speech`,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
    },
    body: JSON.stringify({
      model,
      input: text,
      voice: how.voice ?? voice ?? 'alloy',
      response_format: 'pcm',
    }),
    timeoutMs: TIMEOUT_MS,
    maxAnswerBytes: 4096,
    onData(chunk) {
      late.cancel();
      if (pieces.bytes > MAX_BYTES_AHEAD)
        leaving.abort(new Error('the server sent more than ten minutes of speech'));
      else pieces.add(chunk);
    },
    tenant: how.customerId,
    signal: signal ? AbortSignal.any([signal, leaving.signal]) : leaving.signal,
  });
  asked.then(
    ({ status }) => pieces.end(status < 300 ? undefined : new Error(`the server answered with ${status}`)),
    (error) => pieces.end(error),
  );
  try {
    yield* new PcmStream().sounds(pieces);
  } finally {
    late.cancel();
    leaving.abort(new Error('nobody listens any more'));
  }
}
