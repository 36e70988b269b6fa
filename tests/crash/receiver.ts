import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { type Random, systemClock } from '../../src/core/index.ts';
import { KINDS, kindOf } from './kinds.ts';
import type { Wire } from './rest.ts';

/** One try of an event, as it came. */
export interface Delivery {
  event: string;
  key: string;
  sequence: number;
  callId: string;
  deliveryId: string;
  recordingId: string | undefined;
  /** By `performance.now()`. */
  at: number;
  /** Whether the server was told that the event was accepted. */
  accepted: boolean;
  /** Of the processes that took calls, those before the one that told it. */
  generation: number;
  /** Of all processes, those that were killed before they were ready too. */
  process: number;
}

/** What has just come in; whoever watches may kill the server before it is answered. */
export type Sight = { what: 'asked' } | { what: 'rung' } | { what: 'told'; event: string };

/** An application outside of the server: it survives every crash, and remembers everything. */
export class Receiver {
  readonly deliveries: Delivery[] = [];
  /** Messages of streams that have come. */
  streamed = 0;
  generation = 0;
  process = 0;
  /** Where somebody answers, like `127.0.0.1:5060`. */
  peers = '';
  /** Called before the answer goes out. */
  watch: (sight: Sight) => void = () => {};
  #random: Random;
  #server = createServer((request, response) => void this.#take(request, response));
  /** Who waits until a call from this number is answered. */
  #waiting = new Map<string, (callId: string) => void>();

  private constructor(random: Random) {
    this.#random = random;
  }

  static async start(random: Random): Promise<Receiver> {
    const receiver = new Receiver(random);
    await once(receiver.#server.listen(0, '127.0.0.1'), 'listening');
    new WebSocketServer({ server: receiver.#server }).on('connection', (socket) => {
      socket.on('error', () => {}).on('message', () => receiver.streamed++);
    });
    return receiver;
  }

  get urls() {
    return { answer_url: `http://${this.#here}/answer`, webhook_url: `http://${this.#here}/webhook` };
  }

  /** Resolves with the id of the next call from this number, when it is answered. */
  answered(from: string, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(from, resolve);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  get #here(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray().catch(() => []));
    if (body.length === 0) return;
    if (request.url === '/answer') {
      this.watch({ what: 'asked' });
      response
        .setHeader('Content-Type', 'application/json')
        .end(JSON.stringify({ actions: this.#actions(JSON.parse(body.toString()).call) }));
    } else this.#told(JSON.parse(body.toString()), request, response);
  }

  #told({ event, call, data }: Wire, { headers }: IncomingMessage, response: ServerResponse): void {
    const luck = this.#random.float();
    const delivery: Delivery = {
      event,
      key: data['event_key'],
      sequence: data['sequence'],
      callId: call.id,
      deliveryId: String(headers['x-minivoice-delivery']),
      recordingId: data['recording_id'],
      at: performance.now(),
      accepted: luck > 0.03,
      generation: this.generation,
      process: this.process,
    };
    this.deliveries.push(delivery);
    this.watch({ what: 'told', event });
    if (event === 'call.answered') this.#waiting.get(call.from)?.(call.id);
    systemClock.after(this.#random.float() * 30, () =>
      response.writeHead(delivery.accepted ? 204 : 500).end(),
    );
  }

  #actions(call: { to: string }): readonly object[] {
    const kind = kindOf(call.to);
    const surroundings = { random: this.#random, peers: this.peers, streamUrl: `ws://${this.#here}/stream` };
    return kind === 'placed' ? [] : KINDS[kind].actions(surroundings);
  }
}
