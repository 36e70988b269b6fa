import type { Dispatcher } from 'undici';
import { type Clock, explain, Failure, type Timer } from '../core/index.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';

type Controller = Dispatcher.DispatchController;

/** One request and what comes back: settles exactly once, and lets go of its connection when it does. */
export class HttpExchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<HttpAnswer>;
  #request: HttpRequest;
  #clock: Clock;
  #began: number;
  #timer: Timer;
  #settle!: { resolve: (answer: HttpAnswer) => void; reject: (error: unknown) => void };
  #settled = false;
  #controller: Controller | undefined;
  #status = 0;
  #headers: Record<string, string> = {};
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(request: HttpRequest, clock: Clock) {
    this.#request = request;
    this.#clock = clock;
    this.#began = clock.monotonic();
    this.answer = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#timer = clock.after(request.timeoutMs, this.#timeOut);
    request.signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** Fails a request that cannot be sent. Does nothing once it has an answer or has failed. */
  refuse(error: Error): void {
    this.#fail(error);
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    // It waited for a connection for longer than anybody waited for it.
    if (this.#settled) controller.abort(new Error('no longer wanted'));
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
        if (!this.#settled) onData(chunk);
      } catch (error) {
        this.#fail(error as Error);
      }
      return;
    }
    const room = this.#request.maxAnswerBytes - this.#bytes;
    const kept = chunk.length > room ? chunk.subarray(0, room) : chunk;
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
    const stage = this.#status ? 'the answer did not end' : 'no answer came';
    this.#fail(new Failure('timeout', `${stage} within ${timeoutMs} ms`));
  };

  #abort = (): void => this.#end(() => this.#settle.reject(this.#request.signal?.reason));

  #succeed(truncated: boolean): void {
    const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    const durationMs = Math.round(this.#clock.monotonic() - this.#began);
    const answer = { status: this.#status, headers: this.#headers, body, truncated, durationMs };
    this.#end(() => this.#settle.resolve(answer), truncated);
  }

  #fail(failure: Error): void {
    if (this.#request.headIsEnough && this.#status) this.#succeed(true);
    else this.#end(() => this.#settle.reject(failure));
  }

  #end(settle: () => void, hangUp = true): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#timer.cancel();
    this.#request.signal?.removeEventListener('abort', this.#abort);
    settle();
    if (hangUp) this.#controller?.abort(new Error('no longer wanted'));
  }
}

function failureOf(error: Error, status: number): Error {
  if (error instanceof Failure) return error;
  switch ((error as { code?: string }).code) {
    // A header or method of ours that cannot be sent is a defect, not the other side's failure.
    case 'UND_ERR_INVALID_ARG':
      return error;
    case 'UND_ERR_HEADERS_OVERFLOW':
      return new Failure('answer_too_large', 'the headers of the answer are larger than 16 KiB', {
        cause: error,
      });
    default: {
      const stage = status ? 'the answer broke off' : 'the connection ended without an answer';
      return new Failure('answer_broken', `${stage}: ${explain(error)}`, { cause: error });
    }
  }
}
