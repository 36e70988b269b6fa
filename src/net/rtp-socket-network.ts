import { isIP } from 'node:net';
import { isPort } from '../../contract/network-address.ts';
import { type Clock, detach } from '../core/index.ts';
import { badPortError } from './datagram.ts';
import type { Datagrams, Endpoint, Network } from './network.ts';
import {
  type DatagramHandler,
  DatagramQueue,
  isFrom,
  MAX_PACKET_BYTES,
  type RtpSocket,
  type RtpSockets,
} from './rtp-socket.ts';

/** Creates RTP sockets on any `Network`, such as the memory network of whole calls in virtual time. */
export function networkSockets(network: Network, clock: Clock): RtpSockets {
  const batch = new Batch();
  return {
    kind: 'network',
    open: (host, port) => NetworkSocket.open(network, { clock, batch }, { address: host, port }),
    flush: () => batch.flush(),
  };
}

/** Packets that wait for `flush`, so that a flush that is forgotten is noticed in virtual time. */
class Batch {
  #waiting: (() => void)[] = [];

  add(send: () => void): void {
    this.#waiting.push(send);
  }

  flush(): void {
    for (const send of this.#waiting.splice(0)) send();
  }
}

/** What the sockets of one `networkSockets` share. */
interface Shared {
  clock: Clock;
  batch: Batch;
}

class NetworkSocket implements RtpSocket {
  readonly packet: Buffer = Buffer.alloc(MAX_PACKET_BYTES);
  unsent = 0;
  #waiting = new DatagramQueue();
  #datagrams: Datagrams;
  #clock: Clock;
  #batch: Batch;
  #target: Endpoint | undefined;
  #connected = false;

  static async open(network: Network, shared: Shared, at: Endpoint): Promise<RtpSocket> {
    if (!isPort(at.port)) throw badPortError(at);
    const socket = new NetworkSocket(
      await network.bind(at, (bytes, from) => socket.#received(bytes, from)),
      shared,
    );
    return socket;
  }

  constructor(datagrams: Datagrams, { clock, batch }: Shared) {
    this.#clock = clock;
    this.#batch = batch;
    this.#datagrams = datagrams;
  }

  get port(): number {
    return this.#datagrams.local.port;
  }

  setRemote(to: Endpoint): void {
    this.#connected = false;
    this.#target = isPort(to.port) && isIP(to.address) !== 0 ? { ...to } : undefined;
  }

  connect(to: Endpoint): void {
    this.setRemote(to);
    this.#waiting.keepOnly(to);
    this.#connected = this.#target !== undefined;
  }

  elapsedSince(arrivedAt: number): number {
    return this.#clock.monotonic() - arrivedAt;
  }

  receive(handle: DatagramHandler): void {
    this.#waiting.drain(handle);
  }

  send(length: number): void {
    // A copy, because the network may deliver it after the next packet was written.
    const data = Buffer.from(this.packet.subarray(0, length));
    if (this.#target) this.#batch.add(() => this.#transmit(data));
  }

  close(): void {
    this.#batch.flush();
    detach('net.rtp', this.#datagrams.close());
  }

  #transmit(data: Buffer): void {
    if (this.#target) this.#datagrams.send(data, this.#target, () => this.unsent++);
  }

  #received(bytes: Buffer, from: Endpoint): void {
    if (!this.#connected || isFrom(this.#target!, from))
      this.#waiting.add(bytes, from, this.#clock.monotonic());
  }
}
