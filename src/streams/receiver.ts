import { type Clock, explain, Failure, type Random, type Timer } from '../core/index.ts';
import { signatureHeaders } from '../webhooks/index.ts';
import type { Connect, Connection, ConnectionHandlers } from './connection.ts';

/** Callbacks of a receiver. */
export interface ReceiverHandlers {
  /** Connected. @param reconnect 0 for the first connection, then 1, 2, … */
  opened(reconnect: number): void;
  received: ConnectionHandlers['received'];
  /** The connection broke, or could not be opened; it is retried. */
  lost(error: string): void;
  /** The last retry failed. No callback follows. */
  failed(error: string): void;
  /** The receiver closed the connection normally: it wants no more. No callback follows. */
  completed(): void;
}

interface ReceiverDeps {
  clock: Clock;
  random: Random;
  connect: Connect;
}

const BACKOFF_MS = [500, 1000, 2000];
/** After a connection of this length, three reconnects are allowed again. */
const STABLE_MS = 60_000;

/** The receiver of a stream: connects, and reconnects when the connection breaks. */
export class Receiver {
  #target: { url: string; secrets: string[] };
  #deps: ReceiverDeps;
  #handlers: ReceiverHandlers;
  #connection: Connection | undefined;
  #openedAt: number | undefined;
  #timer: Timer | undefined;
  #reconnects = 0;
  #retries = 0;
  #closed = false;

  /** @param target.secrets each signs the handshakes. */
  constructor(target: { url: string; secrets: string[] }, deps: ReceiverDeps, handlers: ReceiverHandlers) {
    this.#target = target;
    this.#deps = deps;
    this.#handlers = handlers;
    this.#connect();
  }

  /** Whether it is connected. */
  get open(): boolean {
    return this.#openedAt !== undefined;
  }

  /** Bytes sent that the operating system has not taken yet. */
  get bufferedBytes(): number {
    return this.#connection?.bufferedBytes ?? 0;
  }

  send(text: string): void {
    this.#connection?.send(text);
  }

  /** Closes after the messages sent so far, without waiting. No callback follows. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#connection?.close();
  }

  #connect(): void {
    const { url, secrets } = this.#target;
    const headers = signatureHeaders(Math.floor(this.#deps.clock.now() / 1000), url, secrets);
    this.#connection = this.#deps.connect(url, headers, {
      opened: () => this.#opened(),
      received: (kind, data) => {
        if (!this.#closed) this.#handlers.received(kind, data);
      },
      closed: (code, error) => {
        if (!this.#closed) this.#lost(code, error);
      },
    });
  }

  #opened(): void {
    if (this.#closed) return;
    this.#openedAt = this.#deps.clock.monotonic();
    this.#handlers.opened(this.#reconnects);
  }

  #lost(code: number, error: Error | undefined): void {
    const openedAt = this.#openedAt;
    this.#openedAt = undefined;
    this.#connection = undefined;
    // RFC 6455 §7.4.1: 1000 means that the purpose of the connection has been fulfilled.
    if (openedAt !== undefined && code === 1000) {
      this.#handlers.completed();
      return;
    }
    if (openedAt !== undefined && this.#deps.clock.monotonic() - openedAt >= STABLE_MS) this.#retries = 0;
    this.#retry(error ? explain(error) : `the receiver closed the connection with ${code}`, error);
  }

  #retry(message: string, error: Error | undefined): void {
    const backoff = BACKOFF_MS[this.#retries++];
    if (backoff === undefined || isFinal(error)) {
      this.#handlers.failed(message);
      return;
    }
    this.#handlers.lost(message);
    // Streams that lost the same receiver at the same time do not reconnect at the same time.
    const jitter = 0.8 + 0.4 * this.#deps.random.float();
    this.#timer = this.#deps.clock.after(backoff * jitter, () => {
      this.#reconnects++;
      this.#connect();
    });
  }
}

/** Whether a retry is useless. */
const isFinal = (error: Error | undefined): boolean =>
  error instanceof Failure && error.code === 'address_not_allowed';
