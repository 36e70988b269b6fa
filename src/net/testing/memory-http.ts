import { type Clock, Failure } from '../../core/index.ts';
import type { HttpClient } from '../http.ts';
import type { HttpRequest, HttpResponse } from '../http-exchange.ts';

/** What a server in memory responds with. */
export interface MemoryResponse {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

type Server = (request: HttpRequest) => MemoryResponse | Promise<MemoryResponse>;

/** An HTTP client whose servers are functions. Responses take `delayMs` of the given clock. */
export class MemoryHttp implements HttpClient {
  /** Servers by origin, such as `https://app.test`. Requests to other origins fail with `connect_failed`. */
  readonly servers = new Map<string, Server>();
  delayMs = 10;
  #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    const { origin, host } = new URL(request.url);
    const server = this.servers.get(origin);
    const startedAt = this.#clock.monotonic();
    await this.#delay(request);
    if (!server) throw new Failure('connect_failed', `cannot connect to ${host}: ECONNREFUSED`);
    const { status = 200, headers = {}, body = '' } = await server(request);
    const whole = Buffer.from(body);
    const truncated = whole.length > request.maxResponseBytes;
    return {
      status,
      headers,
      body: whole.subarray(0, request.maxResponseBytes),
      truncated,
      durationMs: this.#clock.monotonic() - startedAt,
    };
  }

  async close(): Promise<void> {}

  /** Waits for the response; rejects when the request times out or is aborted first. */
  #delay({ timeoutMs, signal }: HttpRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => {
        timer.cancel();
        reject(signal?.reason);
      };
      const timer = this.#clock.after(Math.min(this.delayMs, timeoutMs), () => {
        signal?.removeEventListener('abort', abort);
        if (this.delayMs <= timeoutMs) resolve();
        else reject(new Failure('timeout', `no response within ${timeoutMs} ms`));
      });
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}
