import type { Endpoint } from './network.ts';
import type { TakeDatagram } from './rtp-socket.ts';

/** Two seconds of packets: more than that is never worth hearing. */
const MAX_WAITING = 100;

/** Datagrams that came as events and wait for the beat. When it is full, the oldest gives way. */
export class DatagramQueue {
  #waiting: { bytes: Buffer; from: Endpoint; arrivedAt: number }[] = [];

  add(bytes: Buffer, from: Endpoint, arrivedAt: number): void {
    if (this.#waiting.length >= MAX_WAITING) this.#waiting.shift();
    this.#waiting.push({ bytes, from, arrivedAt });
  }

  drain(take: TakeDatagram): void {
    for (const { bytes, from, arrivedAt } of this.#waiting) take(bytes, bytes.length, from, arrivedAt);
    this.#waiting.length = 0;
  }

  /** Drops what came from elsewhere. */
  keepOnly(peer: Endpoint): void {
    this.#waiting = this.#waiting.filter(({ from }) => isFrom(peer, from));
  }
}

/** Whether something from there is from the peer. */
export function isFrom(peer: Endpoint, from: Endpoint): boolean {
  return from.port === peer.port && from.address === peer.address;
}
