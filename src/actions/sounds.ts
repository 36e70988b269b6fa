import type { Sound } from '../calls/index.ts';
import { explain, Failure } from '../kit/index.ts';
import type { HttpClient } from '../net/index.ts';
import type { Sounds } from './ports.ts';

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 25 * 1024 * 1024;

/** Fetches sound files of the web, up to 25 MB in 10 s each, and turns them into sound. */
export function createSounds(
  http: HttpClient,
  decode: (file: Buffer, signal: AbortSignal) => Promise<Sound>,
): Sounds {
  return {
    async fetch(url, signal) {
      const request = {
        url,
        method: 'GET',
        timeoutMs: TIMEOUT_MS,
        maxAnswerBytes: MOST_BYTES,
        signal,
      } as const;
      const answer = await http.request(request).catch((cause) => {
        signal.throwIfAborted();
        throw new Failure('play_failed', `${url} could not be fetched: ${explain(cause)}`, { cause });
      });
      if (answer.status !== 200) throw new Failure('play_failed', `${url} answered ${answer.status}.`);
      if (answer.truncated) throw new Failure('play_failed', `${url} is larger than 25 MB.`);
      return decode(answer.body, signal);
    },
  };
}
