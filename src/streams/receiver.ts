import { type Clock, explain, Failure, type Random, type Timer } from '../core/index.ts';
import { signatureHeaders } from '../webhooks/index.ts';
import type { Connect, Connection, ConnectionHandlers } from './connection.ts';

/** What is told of a receiver. */
export interface ReceiverHandlers {
  /** It is there, or there again. @param reconnect 0 for the first connection. */
  opened(reconnect: number): void;
  received: ConnectionHandlers['received'];
  /** The connection has ended, or there was none; another one is tried soon. */
  lost(why: string): void;
  /** It is given up: told once, and nothing after it. */
  failed(why: string): void;
  /** It has closed because it wants no more: told once, and nothing after it. */
  satisfied(): void;
}

interface ReceiverPorts {
  clock: Clock;
  random: Random;
  connect: Connect;
}

const BACKOFF_MS = [500, 1000, 2000];
/** A connection that has lasted so long has earned the three reconnects anew. */
const LASTING_MS = 60_000;

/** The receiver of a stream, connected and, where the connection breaks, connected again. */
export class Receiver {
  #target: { url: string; secrets: string[] };
  #ports: ReceiverPorts;
  #handlers: ReceiverHandlers;
  #connection: Connection | undefined;
  #openedAt: number | undefined;
  #timer: Timer | undefined;
  #reconnects = 0;
  #tries = 0;
  #closed = false;

  /** @param target the handshakes are signed with each of its secrets. */
  constructor(target: { url: string; secrets: string[] }, ports: ReceiverPorts, handlers: ReceiverHandlers) {
    this.#target = target;
    this.#ports = ports;
    this.#handlers = handlers;
    this.#connect();
  }

  /** Whether what is sent now has a chance to arrive. */
  get open(): boolean {
    return this.#openedAt !== undefined;
  }

  /** Bytes that were sent and that the system has not taken yet. */
  get bufferedBytes(): number {
    return this.#connection?.bufferedBytes ?? 0;
  }

  send(text: string): void {
    this.#connection?.send(text);
  }

  /** Closes after what was sent, without waiting; nothing is told any more. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#connection?.close();
  }

  #connect(): void {
    const { url, secrets } = this.#target;
    const headers = signatureHeaders(Math.floor(this.#ports.clock.now() / 1000), url, secrets);
    this.#connection = this.#ports.connect(url, headers, {
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
    this.#openedAt = this.#ports.clock.monotonic();
    this.#handlers.opened(this.#reconnects);
  }

  #lost(code: number, error: Error | undefined): void {
    const openedAt = this.#openedAt;
    this.#openedAt = undefined;
    this.#connection = undefined;
    // RFC 6455 §7.4.1: 1000 says that what the connection was for has been fulfilled.
    if (openedAt !== undefined && code === 1000) {
      this.#handlers.satisfied();
      return;
    }
    if (openedAt !== undefined && this.#ports.clock.monotonic() - openedAt >= LASTING_MS) this.#tries = 0;
    this.#tryAgain(error ? explain(error) : `the receiver closed the connection with ${code}`, error);
  }

  #tryAgain(why: string, error: Error | undefined): void {
    const backoff = BACKOFF_MS[this.#tries++];
    if (backoff === undefined || isFinal(error)) {
      this.#handlers.failed(why);
      return;
    }
    this.#handlers.lost(why);
    // Many streams may lose the same receiver at once: they do not all come back at once.
    const jitter = 0.8 + 0.4 * this.#ports.random.float();
    this.#timer = this.#ports.clock.after(backoff * jitter, () => {
      this.#reconnects++;
      this.#connect();
    });
  }
}

/** What no other try will change. */
const isFinal = (error: Error | undefined): boolean =>
  error instanceof Failure && error.code === 'address_not_allowed';
