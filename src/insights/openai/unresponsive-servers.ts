import { LruMap } from 'toad-cache';
import { type Clock, Failure } from '../../core/index.ts';
import type { Http } from './server.ts';

/** A server that timed out gets no requests for this time. */
const REST_MS = 300_000;
/** Most servers remembered. */
const MOST_SERVERS = 1_000;

/**
 * Remembers servers that timed out. A recording waits for such a server once and not for each of its requests.
 */
export class UnresponsiveServers {
  #http: Http;
  #clock: Clock;
  /** End of the pause of each server, on the monotonic clock. */
  #until = new LruMap<number>(MOST_SERVERS);

  constructor(http: Http, clock: Clock) {
    this.#http = http;
    this.#clock = clock;
  }

  /** Makes the client for the server `key` of a customer. Rejects with `ai_endpoint_failed` while the server is paused. */
  client(key: string, tenant?: string): Http {
    return {
      request: async (request) => {
        const left = (this.#until.get(key) ?? 0) - this.#clock.monotonic();
        if (left > 0)
          throw new Failure(
            'ai_endpoint_failed',
            `the AI server timed out; requests resume in ${Math.ceil(left / 1000)} s`,
          );
        try {
          const answer = await this.#http.request({ ...request, tenant });
          this.#until.delete(key);
          return answer;
        } catch (error) {
          if (error instanceof Failure && error.code === 'timeout')
            this.#until.set(key, this.#clock.monotonic() + REST_MS);
          throw error;
        }
      },
    };
  }
}
