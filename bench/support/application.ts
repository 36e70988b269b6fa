import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { wavHeader } from '../../src/audio/wav-writer.ts';

/** An event as it came, and when, by `performance.now()`. */
export interface ReceivedEvent {
  at: number;
  event: string;
  callId: string;
  /** The caller's number. */
  from: string;
}

/** Eight seconds of a tone, as loud as a voice. */
const tone = Buffer.concat([wavHeader(1, 128_000), samples(64_000)]);

function samples(count: number): Buffer {
  const sine = Int16Array.from(
    { length: count },
    (_, i) => 10_000 * Math.sin((2 * Math.PI * 440 * i) / 8000),
  );
  return Buffer.from(sine.buffer);
}

/** An application that answers every request at once with the same document, and accepts all events. */
export class Application {
  /** Called with each event; only then are bodies read as JSON. */
  onEvent: ((received: ReceivedEvent) => void) | undefined;
  asked = 0;
  received = 0;
  /** Events that report a failure. */
  failures = 0;
  #server: Server;

  #answer = '';

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (request.url === '/answer') {
          this.asked++;
          response.setHeader('Content-Type', 'application/json').end(this.#answer);
        } else if (request.url === '/tone.wav') {
          response.setHeader('Content-Type', 'audio/wav').end(tone);
        } else {
          this.#take(chunks);
          response.writeHead(204).end();
        }
      });
    });
    this.#server.keepAliveTimeout = 60_000;
    // Live streams are read and forgotten.
    new WebSocketServer({ server: this.#server }).on('connection', (socket) => socket.on('error', () => {}));
  }

  /** @param document `HERE` and `WEBSOCKET` in it stand for the addresses of the application. */
  static async start(document: object): Promise<Application> {
    const application = new Application();
    await once(application.#server.listen(0, '127.0.0.1'), 'listening');
    application.#answer = JSON.stringify(document)
      .replaceAll('HERE', application.#here)
      .replaceAll('WEBSOCKET', application.#here.replace('http', 'ws'));
    return application;
  }

  /** What the application is to be made of. */
  get urls() {
    return { answer_url: `${this.#here}/answer`, webhook_url: `${this.#here}/webhook` };
  }

  get #here(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #take(chunks: Buffer[]): void {
    const at = performance.now();
    const body = Buffer.concat(chunks).toString();
    this.received++;
    if (body.includes('.failed"')) this.failures++;
    if (!this.onEvent) return;
    const { event, call } = JSON.parse(body);
    this.onEvent({ at, event, callId: call.id, from: call.from });
  }
}
