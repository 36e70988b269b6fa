import type { Endpoint } from './network.ts';
import type { DatagramHandler } from './rtp-socket.ts';

/** Two seconds of packets: older audio is useless. */
const MAX_WAITING = 100;

/** Holds received datagrams until the next 20 ms tick. When it is full, the oldest one is dropped. */
export class DatagramQueue {
  #waiting: { bytes: Buffer; from: Endpoint; arrivedAt: number }[] = [];

  add(bytes: Buffer, from: Endpoint, arrivedAt: number): void {
    if (this.#waiting.length >= MAX_WAITING) this.#waiting.shift();
    this.#waiting.push({ bytes, from, arrivedAt });
  }

  drain(handle: DatagramHandler): void {
    for (const { bytes, from, arrivedAt } of this.#waiting) handle(bytes, bytes.length, from, arrivedAt);
    this.#waiting.length = 0;
  }

  /** Drops the datagrams of other sources. */
  keepOnly(peer: Endpoint): void {
    this.#waiting = this.#waiting.filter(({ from }) => isFrom(peer, from));
  }
}

/** Whether a source is the peer. */
export function isFrom(peer: Endpoint, from: Endpoint): boolean {
  return from.port === peer.port && from.address === peer.address;
}
