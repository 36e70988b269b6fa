import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { isPort } from '../../contract/network-address.ts';
import { guarded, systemClock } from '../core/index.ts';
import { badPortError, endpointOf } from './datagram.ts';
import type { Endpoint } from './network.ts';
import {
  type DatagramHandler,
  DatagramQueue,
  isFrom,
  MAX_PACKET_BYTES,
  type RtpSocket,
} from './rtp-socket.ts';

/** Opens an RTP socket with Node's dgram module. @param host an IP address of this machine. */
export function openDgramSocket(host: string, port: number): Promise<RtpSocket> {
  if (!isPort(port)) return Promise.reject(badPortError({ address: host, port }));
  const family = isIP(host) === 6 ? 6 : 4;
  // Addresses are literals. A lookup that calls back at once makes `connect` take effect at once.
  const lookup = (
    address: string,
    _options: unknown,
    done: (error: null, address: string, family: number) => void,
  ) => done(null, address, family);
  const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4', lookup });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address: host, port, exclusive: true }, () => {
      socket.off('error', reject);
      resolve(new DgramSocket(socket, family));
    });
  });
}

/** The packet that is being made. */
const PACKET = Buffer.alloc(MAX_PACKET_BYTES);

class DgramSocket implements RtpSocket {
  readonly port: number;
  readonly packet: Buffer = PACKET;
  unsent = 0;
  #socket: Socket;
  #family: number;
  #waiting = new DatagramQueue();
  #target: Endpoint | undefined;
  #connected = false;

  constructor(socket: Socket, family: number) {
    this.#socket = socket;
    this.#family = family;
    this.port = socket.address().port;
    const receive = (bytes: Buffer, { address, port }: Endpoint) => {
      const from = endpointOf(address, port);
      // Datagrams that were read from the kernel before `connect` may still be queued in the event loop.
      if (!this.#connected || isFrom(this.#target!, from))
        this.#waiting.add(bytes, from, systemClock.monotonic());
    };
    socket.on('message', guarded('net.rtp', receive));
    // ECONNREFUSED: the remote port is closed, perhaps only for now.
    socket.on('error', () => this.unsent++);
  }

  setRemote(to: Endpoint): void {
    if (this.#connected) this.#attempt(() => this.#socket.disconnect());
    this.#connected = false;
    this.#target = isPort(to.port) && isIP(to.address) === this.#family ? { ...to } : undefined;
  }

  connect(to: Endpoint): void {
    this.setRemote(to);
    this.#waiting.keepOnly(to);
    if (!this.#target) return;
    this.#connected = this.#attempt(() => this.#socket.connect(to.port, to.address));
  }

  elapsedSince(arrivedAt: number): number {
    return systemClock.monotonic() - arrivedAt;
  }

  receive(handle: DatagramHandler): void {
    this.#waiting.drain(handle);
  }

  send(length: number): void {
    // A copy, because Node may send it after the next packet was written.
    const packet = Buffer.from(this.packet.subarray(0, length));
    const target = this.#target;
    if (this.#connected) this.#attempt(() => this.#socket.send(packet));
    else if (target) this.#attempt(() => this.#socket.send(packet, target.port, target.address));
  }

  close(): void {
    this.#socket.removeAllListeners('message');
    this.#socket.close();
  }

  /** Counts an error that Node throws instead of the kernel as an unsent packet. */
  #attempt(run: () => void): boolean {
    try {
      run();
      return true;
    } catch {
      this.unsent++;
      return false;
    }
  }
}
