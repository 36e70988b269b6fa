import { WebSocket } from 'ws';
import { type Clock, Failure, guarded, type Timer } from '../core/index.ts';
import { checkLiteral, guardedLookup, type Resolve } from '../net/index.ts';

/** Callbacks of a connection. `closed` is called exactly once, and no other after it. */
export interface ConnectionHandlers {
  opened(): void;
  received(kind: 'text' | 'binary' | 'ping', data: Buffer): void;
  /** The connection is closed. @param code RFC 6455 §7.4; 1006 without a close frame. */
  closed(code: number, error: Error | undefined): void;
}

/** A WebSocket to a customer's receiver. No method throws or waits. */
export interface Connection {
  /** Bytes sent that the operating system has not taken yet. */
  readonly bufferedBytes: number;
  /** Does nothing unless the connection is open. */
  send(text: string): void;
  /** Sends a close frame after the messages sent so far. A receiver that does not answer it in 2 s is disconnected. */
  close(): void;
}

/** Starts to connect. */
export type Connect = (
  url: string,
  headers: Record<string, string>,
  handlers: ConnectionHandlers,
) => Connection;

export interface ConnectOptions {
  clock: Clock;
  /** Allows plain ws, and loopback, private and link-local addresses. */
  allowPrivate: boolean;
  resolve: Resolve;
  /** Additional trusted certificate authorities, in PEM. */
  ca?: string;
}

const HANDSHAKE_TIMEOUT_MS = 5000;
const CLOSE_TIMEOUT_MS = 2000;
const PING_INTERVAL_MS = 10_000;
const MAX_MESSAGE_BYTES = 64 * 1024;

/** Checks that a stream may go to a URL. @throws Failure `url_not_allowed`, `address_not_allowed`. */
export function checkStreamUrl(text: string, allowPrivate: boolean): void {
  const url = URL.parse(text);
  const allowed = allowPrivate ? ['wss:', 'ws:'] : ['wss:'];
  if (!url || !allowed.includes(url.protocol)) {
    throw new Failure('url_not_allowed', `the stream's URL must begin with ${allowed.join(' or ')}//`);
  }
  if (url.username || url.password) {
    throw new Failure('url_not_allowed', "the stream's URL must not contain a user name or password");
  }
  // RFC 6455 §3: fragment identifiers are meaningless and must not be used.
  if (url.hash) throw new Failure('url_not_allowed', "the stream's URL must not contain a fragment");
  if (!allowPrivate) checkLiteral(url.hostname);
}

/** Connects to allowed addresses only: with verified TLS, without redirects or compression. */
export function createConnect({ clock, allowPrivate, resolve, ca }: ConnectOptions): Connect {
  const lookup = guardedLookup(resolve, allowPrivate);
  return (url, headers, handlers) => {
    const socket = new WebSocket(url, {
      lookup,
      headers,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      // The handlers count pings against the rate limit before they are answered.
      autoPong: false,
      ...(ca ? { ca } : {}),
    });
    return new WebSocketConnection(socket, clock, handlers);
  };
}

class WebSocketConnection implements Connection {
  #socket: WebSocket;
  #clock: Clock;
  #timer: Timer;
  #error: Error | undefined;
  #isAlive = true;

  constructor(socket: WebSocket, clock: Clock, handlers: ConnectionHandlers) {
    this.#socket = socket;
    this.#clock = clock;
    this.#timer = clock.after(HANDSHAKE_TIMEOUT_MS, () =>
      this.#giveUp(new Failure('timeout', `no WebSocket was opened within ${HANDSHAKE_TIMEOUT_MS} ms`)),
    );
    // An error in a handler ends this connection only.
    const on = <Args extends unknown[]>(event: string, handle: (...args: Args) => void) =>
      socket.on(
        event,
        guarded('stream.connection', handle, () => socket.terminate()) as (...args: unknown[]) => void,
      );
    on('open', () => {
      this.#watch();
      handlers.opened();
    });
    on('message', (data: Buffer, isBinary: boolean) => {
      this.#isAlive = true;
      handlers.received(isBinary ? 'binary' : 'text', data);
    });
    on('ping', (data: Buffer) => {
      this.#isAlive = true;
      handlers.received('ping', data);
      if (this.#open) socket.pong(data);
    });
    on('pong', () => {
      this.#isAlive = true;
    });
    on('error', (error: Error) => {
      this.#error ??= error;
    });
    on('close', (code: number) => {
      this.#timer.cancel();
      handlers.closed(code, this.#error);
    });
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(text: string): void {
    if (this.#open) this.#socket.send(text);
  }

  close(): void {
    this.#timer.cancel();
    if (!this.#open) {
      this.#socket.terminate();
      return;
    }
    this.#socket.close(1000);
    this.#timer = this.#clock.after(CLOSE_TIMEOUT_MS, () => this.#socket.terminate());
  }

  get #open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Detects a receiver that vanished: it answers no ping. */
  #watch(): void {
    this.#timer.cancel();
    this.#timer = this.#clock.after(PING_INTERVAL_MS, () => {
      if (!this.#isAlive) return this.#giveUp(new Failure('timeout', 'the receiver no longer answers'));
      this.#isAlive = false;
      this.#socket.ping();
      this.#watch();
    });
  }

  #giveUp(error: Failure): void {
    this.#error ??= error;
    this.#socket.terminate();
  }
}
