import type { Endpoint } from './network.ts';

/**
 * Receives one datagram.
 *
 * `bytes` and `from` are reused: they are valid only during the call, and only the first `length` bytes count.
 * `arrivedAt` is in milliseconds since an arbitrary start: see `RtpSocket.elapsedSince`.
 */
export type DatagramHandler = (bytes: Buffer, length: number, from: Endpoint, arrivedAt: number) => void;

/**
 * A UDP socket for RTP or RTCP that is read once per 20 ms tick and emits no event per packet.
 *
 * Once it is open, no method throws: packets that cannot be sent are counted.
 */
export interface RtpSocket {
  readonly port: number;
  /** The number of datagrams that could not be sent: closed port, no route, full buffer. */
  readonly unsent: number;
  /**
   * Sets the destination of `send`; receives from every source. Nothing is sent to a port outside of 1–65535 or to an
   * address that is not an IP literal of the socket's family.
   */
  setRemote(to: Endpoint): void;
  /** Sets the destination of `send` and receives only from there: datagrams of other sources are dropped. */
  connect(to: Endpoint): void;
  /** Milliseconds since an `arrivedAt` of this socket, never negative; 0 if the system did not timestamp it. */
  elapsedSince(arrivedAt: number): number;
  /** Passes each datagram that has arrived since the last call to `handle`. */
  receive(handle: DatagramHandler): void;
  /** Sends the first `length` bytes; the caller may overwrite them after the call. */
  send(bytes: Uint8Array, length: number): void;
  close(): void;
}

/** Opens RTP sockets. */
export interface RtpSockets {
  /** `libc`: batched system calls; `dgram`: Node's UDP sockets; `network`: sockets of a `Network`. */
  readonly kind: 'libc' | 'dgram' | 'network';
  /** Rejects with the system's error (`EADDRINUSE`, `EMFILE`, …) when the port cannot be opened. */
  open(host: string, port: number): Promise<RtpSocket>;
}
