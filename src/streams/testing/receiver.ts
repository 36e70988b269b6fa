import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { type StreamMessage, streamMessage } from '../../../contract/streams.ts';

/** A connection to the receiver, with its messages, which match the contract. */
export interface Received {
  socket: WebSocket;
  headers: IncomingHttpHeaders;
  messages: StreamMessage[];
  pings: number;
  /** The code of the close frame. */
  closed?: number;
}

/** The WebSocket server of an application, on loopback. */
export class TestReceiver {
  readonly connections: Received[] = [];
  readonly url: string;
  #server: WebSocketServer;
  #waiting = new Set<() => void>();

  private constructor(server: WebSocketServer, url: string) {
    this.#server = server;
    this.url = url;
    server.on('connection', (socket, { headers }) => this.#accept(socket, headers));
  }

  /** @param options.tls the certificate for wss. @param options.autoPong false: answers no ping. */
  static async listen(
    options: { tls?: { cert: string; key: string }; autoPong?: boolean; port?: number } = {},
  ): Promise<TestReceiver> {
    const web = options.tls ? createHttpsServer(options.tls) : createHttpServer();
    const server = new WebSocketServer({ server: web, autoPong: options.autoPong ?? true });
    server.on('close', () => web.close());
    await once(web.listen(options.port ?? 0, '127.0.0.1'), 'listening');
    const { port } = web.address() as AddressInfo;
    return new TestReceiver(
      server,
      `${options.tls ? 'wss://localhost' : 'ws://127.0.0.1'}:${port}/media?for=tests`,
    );
  }

  /** The newest connection. */
  get last(): Received {
    return this.connections.at(-1)!;
  }

  /** Resolves when the condition is true; checks it after every message, ping, close and connection. */
  async until(condition: () => unknown): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Resolves with the messages of an event on the newest connection, once there are `count`. */
  async received<Event extends StreamMessage['event']>(event: Event, count = 1) {
    const found = () =>
      (this.connections.at(-1)?.messages ?? []).filter((message) => message.event === event) as Extract<
        StreamMessage,
        { event: Event }
      >[];
    await this.until(() => found().length >= count);
    return found();
  }

  send(message: object): void {
    this.last.socket.send(JSON.stringify(message));
  }

  /** Resolves when the stream has read all messages sent so far. */
  async read(): Promise<void> {
    const { socket } = this.last;
    socket.ping();
    await once(socket, 'pong');
  }

  close(): void {
    for (const { socket } of this.connections) socket.terminate();
    this.#server.close();
  }

  #accept(socket: WebSocket, headers: IncomingHttpHeaders): void {
    const connection: Received = { socket, headers, messages: [], pings: 0 };
    this.connections.push(connection);
    socket.on('message', (data) => {
      connection.messages.push(streamMessage.parse(JSON.parse(String(data))));
      this.#notify();
    });
    socket.on('ping', () => {
      connection.pings++;
      this.#notify();
    });
    socket.on('error', () => {});
    socket.on('close', (code) => {
      connection.closed = code;
      this.#notify();
    });
    this.#notify();
  }

  #notify(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}
