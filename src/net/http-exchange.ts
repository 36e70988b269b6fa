import type { Dispatcher } from 'undici';
import { type Clock, explain, Failure, type Timer } from '../core/index.ts';

/** A request to a server that a customer configured. */
export interface HttpRequest {
  /** Absolute http or https URL without user name and password. */
  url: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Limits the whole exchange, from waiting for a connection to the last byte of the response. */
  timeoutMs: number;
  /** A longer response body is truncated, and its connection closed. */
  maxResponseBytes: number;
  /**
   * Accepts a body that breaks off or does not end in time: the response is then `truncated` and not a failure. For
   * requests whose response status is all that matters.
   */
  allowPartialBody?: boolean;
  /** Receives the body of a 2xx response chunk by chunk; it is then neither kept nor truncated. */
  onData?: (chunk: Buffer) => void;
  /** The customer whose request it is: tenants share the connections to an origin. */
  tenant?: string | undefined;
  /** Ends the exchange; the promise rejects with its reason. */
  signal?: AbortSignal | undefined;
}

/** A response to an `HttpRequest`. */
export interface HttpResponse {
  status: number;
  /** Names in lower case; the values of repeated headers are joined by `, `. */
  headers: Record<string, string>;
  body: Buffer;
  /** Whether the body is incomplete. */
  truncated: boolean;
  durationMs: number;
}

type Controller = Dispatcher.DispatchController;

/** One request and its response. Settles exactly once and then releases its connection. */
export class HttpExchange implements Dispatcher.DispatchHandler {
  readonly response: Promise<HttpResponse>;
  #request: HttpRequest;
  #clock: Clock;
  #startedAt: number;
  #timer: Timer;
  #settle!: { resolve: (response: HttpResponse) => void; reject: (error: unknown) => void };
  #isSettled = false;
  #settled: AbortController | undefined;
  #controller: Controller | undefined;
  #status = 0;
  #headers: Record<string, string> = {};
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(request: HttpRequest, clock: Clock) {
    this.#request = request;
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
    this.response = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#timer = clock.after(request.timeoutMs, this.#timeOut);
    request.signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** Aborted when the exchange is over. Created when it is read: most requests need no signal. */
  get settled(): AbortSignal {
    if (this.#isSettled) return AbortSignal.abort();
    this.#settled ??= new AbortController();
    return this.#settled.signal;
  }

  /** Fails a request that cannot be sent. Does nothing once it is settled. */
  refuse(error: Error): void {
    this.#fail(error);
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    // The request was settled, for instance by its timeout, while it waited for a connection.
    if (this.#isSettled) controller.abort(new Error('the request is over'));
  }

  onResponseStart(_controller: Controller, status: number, headers: NodeJS.Dict<string | string[]>): void {
    if (status < 200) return;
    this.#status = status;
    for (const [name, value] of Object.entries(headers)) {
      this.#headers[name] = Array.isArray(value) ? value.join(', ') : (value ?? '');
    }
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    const { onData } = this.#request;
    if (onData && this.#status < 300) {
      try {
        if (!this.#isSettled) onData(chunk);
      } catch (error) {
        this.#fail(error as Error);
      }
      return;
    }
    const free = this.#request.maxResponseBytes - this.#bytes;
    const kept = chunk.length > free ? chunk.subarray(0, free) : chunk;
    this.#chunks.push(kept);
    this.#bytes += kept.length;
    if (kept !== chunk) this.#succeed(true);
  }

  onResponseEnd(): void {
    this.#succeed(false);
  }

  onResponseError(_controller: Controller | undefined, error: Error): void {
    this.#fail(failureOf(error, this.#status));
  }

  #timeOut = (): void => {
    const { timeoutMs } = this.#request;
    const what = this.#status ? 'the response did not end' : 'no response';
    this.#fail(new Failure('timeout', `${what} within ${timeoutMs} ms`));
  };

  #abort = (): void => this.#end(() => this.#settle.reject(this.#request.signal?.reason));

  #succeed(truncated: boolean): void {
    const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    const durationMs = Math.round(this.#clock.monotonic() - this.#startedAt);
    const response = { status: this.#status, headers: this.#headers, body, truncated, durationMs };
    this.#end(() => this.#settle.resolve(response), truncated);
  }

  #fail(failure: Error): void {
    if (this.#request.allowPartialBody && this.#status) this.#succeed(true);
    else this.#end(() => this.#settle.reject(failure));
  }

  #end(settle: () => void, disconnect = true): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#timer.cancel();
    this.#request.signal?.removeEventListener('abort', this.#abort);
    this.#settled?.abort();
    settle();
    if (disconnect) this.#controller?.abort(new Error('the request is over'));
  }
}

function failureOf(error: Error, status: number): Error {
  if (error instanceof Failure) return error;
  switch ((error as { code?: string }).code) {
    // A header or method that cannot be sent is our defect, not a failure of the server.
    case 'UND_ERR_INVALID_ARG':
      return error;
    case 'UND_ERR_HEADERS_OVERFLOW':
      return new Failure('answer_too_large', 'the response headers are larger than 16 KiB', {
        cause: error,
      });
    default: {
      const what = status
        ? 'the connection closed during the response'
        : 'the connection closed without a response';
      return new Failure('answer_broken', `${what}: ${explain(error)}`, { cause: error });
    }
  }
}
