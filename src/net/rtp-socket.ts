import type { Log } from '../core/index.ts';
import type { Endpoint } from './network.ts';
import { openDgramSocket } from './rtp-socket-dgram.ts';
import { loadLibc } from './rtp-socket-libc.ts';

/**
 * Takes one datagram. `bytes` is a buffer that is used again: only its first `length` bytes count, and only
 * during the call; so does `from`. `arrivedAt` is in milliseconds since any beginning: see `RtpSocket.since`.
 */
export type TakeDatagram = (bytes: Buffer, length: number, from: Endpoint, arrivedAt: number) => void;

/**
 * A UDP port for RTP or RTCP. It is asked once a beat, and raises no event per packet. Nothing here throws
 * after the opening: what the network refuses is counted.
 */
export interface RtpSocket {
  readonly port: number;
  /** Datagrams that could not be sent: the far port is closed, no route, no room. */
  readonly unsent: number;
  /**
   * Sends to there from now on, and receives from everyone. Nothing is sent to a port outside of 1 to 65535, or to an
   * address that is not an IP literal of the socket's family.
   */
  aim(to: Endpoint): void;
  /** Sends to there from now on, and hears nobody else: the kernel drops the rest. */
  connect(to: Endpoint): void;
  /** Milliseconds from an `arrivedAt` of this socket until now, never negative; 0 where the system did not note it. */
  since(arrivedAt: number): number;
  /** Hands over what has arrived since the last time. */
  receive(take: TakeDatagram): void;
  /** Sends the first `length` bytes, which may be overwritten after the call. */
  send(bytes: Uint8Array, length: number): void;
  close(): void;
}

/** A way to open RTP sockets. */
export interface RtpSockets {
  /** `libc`: batched system calls; `dgram`: Node's own; `network`: those of a `Network`, as in memory. */
  readonly kind: 'libc' | 'dgram' | 'network';
  /** Rejects with the system's error (`EADDRINUSE`, `EMFILE`, …) when the port cannot be had. */
  open(host: string, port: number): Promise<RtpSocket>;
}

/** Node's own UDP sockets: everywhere, IPv4 and IPv6. */
export const dgramSockets: RtpSockets = { kind: 'dgram', open: openDgramSocket };

/**
 * The cheapest sockets that this machine has for addresses like `host`: batched libc calls on Linux where
 * koffi is installed, else `dgram`, saying why in one line of the log.
 */
export async function rtpSockets(host: string, log: Pick<Log, 'info'>): Promise<RtpSockets> {
  if (host.includes(':')) return dgramSockets;
  try {
    return await loadLibc();
  } catch (error) {
    log.info(
      { reason: (error as Error).message },
      'RTP uses dgram sockets, which cost more CPU than libc calls',
    );
    return dgramSockets;
  }
}
