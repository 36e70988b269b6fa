import { WebSocket } from 'ws';
import { type Clock, Failure, guarded, type Timer } from '../core/index.ts';
import { checkLiteral, guardedLookup, type Resolve, systemResolve } from '../net/index.ts';

/** What is told of a connection. After `closed`, which comes exactly once, nothing more is. */
export interface ConnectionHandlers {
  opened(): void;
  received(kind: 'text' | 'binary' | 'ping', data: Buffer): void;
  /** @param code RFC 6455 §7.4; 1006 where no close frame came. */
  closed(code: number, error: Error | undefined): void;
}

/** A WebSocket to a receiver that a customer has named. None of these ever throws or waits. */
export interface Connection {
  /** Bytes that were sent and that the system has not taken yet. */
  readonly bufferedBytes: number;
  /** Does nothing unless it is open. */
  send(text: string): void;
  /** Says goodbye after what was sent; whoever does not take it in two seconds is left. */
  close(): void;
}

/** Begins to connect. */
export type Connect = (
  url: string,
  headers: Record<string, string>,
  handlers: ConnectionHandlers,
) => Connection;

export interface ConnectOptions {
  clock: Clock;
  /** Lets streams go over plain ws, and to loopback, private and link-local addresses. */
  allowPrivate: boolean;
  resolve?: Resolve;
  /** More authorities to trust, in PEM. */
  ca?: string;
}

const HANDSHAKE_MS = 5000;
const GOODBYE_MS = 2000;
const PING_MS = 10_000;
const MAX_MESSAGE_BYTES = 64 * 1024;

/** @throws Failure `url_not_allowed`, `address_not_allowed`: no stream may go to such a URL. */
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

/** Connects as a client: TLS verified, no redirects, no compression, only to addresses that are allowed. */
export function createConnect({ clock, allowPrivate, resolve = systemResolve, ca }: ConnectOptions): Connect {
  const lookup = guardedLookup(resolve, allowPrivate);
  return (url, headers, handlers) => {
    const socket = new WebSocket(url, {
      lookup,
      headers,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      // A flood of pings must not become a flood of pongs: the handlers count them first.
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
  #heard = true;

  constructor(socket: WebSocket, clock: Clock, handlers: ConnectionHandlers) {
    this.#socket = socket;
    this.#clock = clock;
    this.#timer = clock.after(HANDSHAKE_MS, () =>
      this.#giveUp(new Failure('timeout', `no WebSocket was opened within ${HANDSHAKE_MS} ms`)),
    );
    // What the stream cannot handle ends this connection, as a broken one would.
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
      this.#heard = true;
      handlers.received(isBinary ? 'binary' : 'text', data);
    });
    on('ping', (data: Buffer) => {
      this.#heard = true;
      handlers.received('ping', data);
      if (this.#open) socket.pong(data);
    });
    on('pong', () => {
      this.#heard = true;
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
    this.#timer = this.#clock.after(GOODBYE_MS, () => this.#socket.terminate());
  }

  get #open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** A peer that vanished without a word is known by its silence: not even a ping comes back. */
  #watch(): void {
    this.#timer.cancel();
    this.#timer = this.#clock.after(PING_MS, () => {
      if (!this.#heard) return this.#giveUp(new Failure('timeout', 'the receiver no longer answers'));
      this.#heard = false;
      this.#socket.ping();
      this.#watch();
    });
  }

  #giveUp(error: Failure): void {
    this.#error ??= error;
    this.#socket.terminate();
  }
}
