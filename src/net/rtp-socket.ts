import type { Endpoint } from './network.ts';

/**
 * Receives one datagram.
 *
 * `bytes` and `from` are reused: they are valid only during the call, and only the first `length` bytes count.
 * `arrivedAt` is in milliseconds since an arbitrary start: see `RtpSocket.elapsedSince`.
 */
export type DatagramHandler = (bytes: Buffer, length: number, from: Endpoint, arrivedAt: number) => void;

/** The longest packet, in bytes. A packet with 20 ms of G.711 has 172. */
export const MAX_PACKET_BYTES = 1536;

/**
 * A UDP socket for RTP or RTCP that is read once per 20 ms tick and emits no event per packet.
 *
 * Once it is open, no method throws: packets that cannot be sent are counted.
 */
export interface RtpSocket {
  readonly port: number;
  /**
   * The memory for the next packet to be sent, `MAX_PACKET_BYTES` long: fill it, then call `send`.
   *
   * Sockets may share it, so it is valid only until another one is used.
   */
  readonly packet: Buffer;
  /** The number of datagrams that could not be sent: closed port, no route, full buffer. */
  readonly unsent: number;
  /**
   * Sets the destination of `send`; receives from every source. Nothing is sent to a port outside of 1–65535 or to an
   * address that is not an IP literal of the socket's family.
   */
  setRemote(to: Endpoint): void;
  /** Sets the destination of `send` and receives only from there: datagrams of other sources are dropped. */
  connect(to: Endpoint): void;
  /** Milliseconds since an `arrivedAt` of this socket; 0 if the system did not timestamp it. */
  elapsedSince(arrivedAt: number): number;
  /** Passes each datagram that has arrived since the last call to `handle`. */
  receive(handle: DatagramHandler): void;
  /** Sends the first `length` bytes of `packet`: now, or with others when `RtpSockets.flush` is called. */
  send(length: number): void;
  close(): void;
}

/** Opens RTP sockets. */
export interface RtpSockets {
  /** `libc`: batched system calls; `dgram`: Node's UDP sockets; `network`: sockets of a `Network`. */
  readonly kind: 'libc' | 'dgram' | 'network';
  /** Rejects with the system's error (`EADDRINUSE`, `EMFILE`, …) when the port cannot be opened. */
  open(host: string, port: number): Promise<RtpSocket>;
  /**
   * Sends the packets that wait. Call it at the end of each tick.
   *
   * Packets that follow each other closely cost less: the kernel wakes a receiver on this machine once for many.
   */
  flush(): void;
}

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
