import { networkInterfaces } from 'node:os';
import { addressIdentity } from '../../contract/network-address.ts';
import type { Log } from '../core/index.ts';
import { openDatagrams } from './datagram.ts';
import { systemResolve, systemServices } from './name-service.ts';
import type { Network } from './network.ts';
import type { RtpSockets } from './rtp-socket.ts';
import { openDgramSocket } from './rtp-socket-dgram.ts';
import { loadLibc } from './rtp-socket-libc.ts';
import { connectTcp, connectTls, listenTcp, listenTls } from './stream.ts';

/** The network of this machine. */
export const systemNetwork: Network = {
  bind: openDatagrams,
  listen: (at, accepted, tls) => (tls ? listenTls(at, accepted, tls) : listenTcp(at, accepted)),
  connect: (to, signal, tls) => (tls ? connectTls(to, signal, tls) : connectTcp(to, signal)),
  resolve: async (host) => (await systemResolve(host)).map(({ address }) => address),
  services: systemServices,
  hasAddress: (address) => ownAddresses().some((own) => addressIdentity(own) === addressIdentity(address)),
};

const ownAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []);

/**
 * Returns an address at which peers reach a socket that is bound to `bound`.
 *
 * For a wildcard address it is the first IPv4 address of this machine that is not loopback, or else loopback.
 */
export function reachableAddress(bound: string): string {
  if (bound !== '0.0.0.0' && bound !== '::') return bound;
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const external = all.find(({ family, internal }) => family === 'IPv4' && !internal);
  return external?.address ?? '127.0.0.1';
}

/** Opens Node's UDP sockets, on every platform, for IPv4 and IPv6. */
export const dgramSockets: RtpSockets = {
  kind: 'dgram',
  open: openDgramSocket,
  flush: () => {},
};

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
