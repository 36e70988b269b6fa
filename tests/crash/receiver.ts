import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { type Random, systemClock } from '../../src/core/index.ts';
import { KINDS, kindOf } from './kinds.ts';
import type { Wire } from './rest.ts';

/** One delivery attempt of an event. */
export interface Delivery {
  event: string;
  key: string;
  sequence: number;
  callId: string;
  deliveryId: string;
  recordingId: string | undefined;
  /** `performance.now()`. */
  at: number;
  /** Whether the event was accepted. */
  accepted: boolean;
  /** The number of earlier processes that took calls. */
  generation: number;
  /** The number of all earlier processes, including those killed before they were ready. */
  process: number;
}

/** A request that has just arrived. The observer may kill the server before it is answered. */
export type Sight = { what: 'asked' } | { what: 'rung' } | { what: 'reported'; event: string };

/** An application in another process, which survives every crash and remembers everything. */
export class Receiver {
  readonly deliveries: Delivery[] = [];
  /** The number of received stream messages. */
  streamed = 0;
  generation = 0;
  process = 0;
  /** An address that answers calls, such as `127.0.0.1:5060`. */
  peers = '';
  /** Called before the answer goes out. */
  watch: (sight: Sight) => void = () => {};
  #random: Random;
  #server = createServer((request, response) => void this.#take(request, response));
  /** Waiters for the answer of a call from a number. */
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
    } else this.#reported(JSON.parse(body.toString()), request, response);
  }

  #reported({ event, call, data }: Wire, { headers }: IncomingMessage, response: ServerResponse): void {
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
    this.watch({ what: 'reported', event });
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
