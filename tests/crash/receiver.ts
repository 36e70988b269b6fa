import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Random, systemClock } from '../../src/kit/index.ts';

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
  /** Starts of the server before it. */
  generation: number;
}

/** What has just come in; whoever watches may kill the server before it is answered. */
export type Sight = { what: 'asked' } | { what: 'told'; event: string };

/** An application outside of the server: it survives every crash, and remembers everything. */
export class Receiver {
  readonly deliveries: Delivery[] = [];
  generation = 0;
  /** Called before the answer goes out. */
  watch: (sight: Sight) => void = () => {};
  #random: Random;
  #server = createServer((request, response) => void this.#take(request, response));

  private constructor(random: Random) {
    this.#random = random;
  }

  static async start(random: Random): Promise<Receiver> {
    const receiver = new Receiver(random);
    await once(receiver.#server.listen(0, '127.0.0.1'), 'listening');
    return receiver;
  }

  get urls() {
    const { port } = this.#server.address() as AddressInfo;
    const here = `http://127.0.0.1:${port}`;
    return { answer_url: `${here}/answer`, webhook_url: `${here}/webhook` };
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
        .end(JSON.stringify({ actions: this.#actions() }));
    } else this.#told(JSON.parse(body.toString()), request, response);
  }

  #told(
    { event, call, data }: { event: string; call: { id: string }; data: Record<string, never> },
    { headers }: IncomingMessage,
    response: ServerResponse,
  ): void {
    const luck = this.#random.float();
    const delivery: Delivery = {
      event,
      key: data['event_key']!,
      sequence: data['sequence']!,
      callId: call.id,
      deliveryId: String(headers['x-minivoice-delivery']),
      recordingId: data['recording_id'],
      at: performance.now(),
      accepted: luck > 0.03,
      generation: this.generation,
    };
    this.deliveries.push(delivery);
    this.watch({ what: 'told', event });
    systemClock.after(this.#random.float() * 30, () =>
      response.writeHead(delivery.accepted ? 204 : 500).end(),
    );
  }

  /** One or two recordings, some of which the end of the call will end. */
  #actions(): object[] {
    const pause = (most: number) => ({
      pause: { seconds: 0.1 + Math.round(this.#random.float() * most * 10) / 10 },
    });
    const whole = [{ start_recording: {} }, pause(0.6), { stop_recording: {} }];
    const mp3 = [{ start_recording: { format: 'mp3' } }, pause(0.4), { stop_recording: {} }];
    const open = [{ start_recording: {} }, pause(2)];
    return [...(this.#random.float() < 0.5 ? whole : mp3), ...open];
  }
}
