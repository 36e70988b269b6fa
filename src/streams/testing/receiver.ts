import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { type StreamMessage, streamMessage } from '../../../contract/streams.ts';

/** One connection that a receiver was given, and all that came over it, each message checked by the contract. */
export interface Received {
  socket: WebSocket;
  headers: IncomingHttpHeaders;
  messages: StreamMessage[];
  pings: number;
  /** The code it was closed with. */
  closed?: number;
}

/** A WebSocket server on loopback, as an application has one. */
export class TestReceiver {
  readonly connections: Received[] = [];
  readonly url: string;
  #server: WebSocketServer;
  #happened = new Set<() => void>();

  private constructor(server: WebSocketServer, url: string) {
    this.#server = server;
    this.url = url;
    server.on('connection', (socket, { headers }) => this.#accept(socket, headers));
  }

  /** @param options.tls a certificate, for wss. @param options.autoPong false: as one that has vanished. */
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

  /** Resolves as soon as something has happened that makes the condition true. */
  async until(condition: () => unknown): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => this.#happened.add(resolve));
    }
  }

  /** Resolves with the messages of an event on the newest connection, when there are so many. */
  async told<Event extends StreamMessage['event']>(event: Event, count = 1) {
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

  /** Resolves when the stream has read all that was sent to it before. */
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
      this.#tell();
    });
    socket.on('ping', () => {
      connection.pings++;
      this.#tell();
    });
    socket.on('error', () => {});
    socket.on('close', (code) => {
      connection.closed = code;
      this.#tell();
    });
    this.#tell();
  }

  #tell(): void {
    const waiting = [...this.#happened];
    this.#happened.clear();
    for (const tell of waiting) tell();
  }
}
