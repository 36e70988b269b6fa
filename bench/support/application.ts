import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An event as it came, and when, by `performance.now()`. */
export interface Told {
  at: number;
  event: string;
  callId: string;
}

/** A customer's application that answers every question at once with the same document, and takes all events. */
export class Application {
  /** Called with each event; only then are bodies read as JSON. */
  onEvent: ((told: Told) => void) | undefined;
  asked = 0;
  told = 0;
  /** Events that tell of a failure. */
  failures = 0;
  #server: Server;

  private constructor(document: object) {
    const answer = JSON.stringify(document);
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (request.url === '/answer') {
          this.asked++;
          response.setHeader('Content-Type', 'application/json').end(answer);
        } else {
          this.#take(chunks);
          response.writeHead(204).end();
        }
      });
    });
    this.#server.keepAliveTimeout = 60_000;
  }

  static async start(document: object): Promise<Application> {
    const application = new Application(document);
    await once(application.#server.listen(0, '127.0.0.1'), 'listening');
    return application;
  }

  /** What the application is to be made of. */
  get urls() {
    const { port } = this.#server.address() as AddressInfo;
    return {
      answer_url: `http://127.0.0.1:${port}/answer`,
      webhook_url: `http://127.0.0.1:${port}/webhook`,
    };
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #take(chunks: Buffer[]): void {
    const at = performance.now();
    const body = Buffer.concat(chunks).toString();
    this.told++;
    if (body.includes('.failed"')) this.failures++;
    if (!this.onEvent) return;
    const { event, call } = JSON.parse(body);
    this.onEvent({ at, event, callId: call.id });
  }
}
