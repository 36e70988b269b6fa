import { type Clock, Failure } from '../../core/index.ts';
import type { Http } from './server.ts';

/** A server that did not answer in time is not asked again for so long. */
const REST_MS = 300_000;
/** More servers than this are not remembered. */
const MOST_SERVERS = 1_000;

/**
 * Remembers servers that did not answer in time, so that a recording waits for such a server once and not for each thing
 * that it is asked.
 */
export class SilentServers {
  #http: Http;
  #clock: Clock;
  /** Until when, on the monotonic clock, a server is not asked. */
  #until = new Map<string, number>();

  constructor(http: Http, clock: Clock) {
    this.#http = http;
    this.#clock = clock;
  }

  /** The client for one server of one customer (`tenant`), by any key. Fails with `ai_endpoint_failed` while the server rests. */
  client(key: string, tenant?: string): Http {
    return {
      request: async (request) => {
        const left = (this.#until.get(key) ?? 0) - this.#clock.monotonic();
        if (left > 0)
          throw new Failure(
            'ai_endpoint_failed',
            `the AI server did not answer in time: it is asked again in ${Math.ceil(left / 1000)} s`,
          );
        try {
          const answer = await this.#http.request({ ...request, tenant });
          this.#until.delete(key);
          return answer;
        } catch (error) {
          if (error instanceof Failure && error.code === 'timeout') this.#remember(key);
          throw error;
        }
      },
    };
  }

  #remember(key: string): void {
    if (this.#until.size >= MOST_SERVERS) this.#until.delete(this.#until.keys().next().value!);
    this.#until.set(key, this.#clock.monotonic() + REST_MS);
  }
}
