import type { Log } from '../core/index.ts';
import type { RtpSockets } from './rtp-socket.ts';
import { openDgramSocket } from './rtp-socket-dgram.ts';
import { loadLibc } from './rtp-socket-libc.ts';

/** Opens Node's UDP sockets, on every platform, for IPv4 and IPv6. */
export const dgramSockets: RtpSockets = { kind: 'dgram', open: openDgramSocket };

/**
 * Returns the sockets that cost least CPU on this machine for the address family of `host`.
 *
 * These are batched libc calls for IPv4 on Linux with koffi, else `dgram`; the reason is then logged.
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
