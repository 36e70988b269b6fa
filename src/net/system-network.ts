import { networkInterfaces } from 'node:os';
import { openDatagrams } from './datagram.ts';
import { systemResolve, systemServices } from './name-service.ts';
import type { Network } from './network.ts';
import { connectTcp, connectTls, listenTcp, listenTls } from './stream.ts';

/** The network of this machine. */
export const systemNetwork: Network = {
  bind: openDatagrams,
  listen: (at, accepted, tls) => (tls ? listenTls(at, accepted, tls) : listenTcp(at, accepted)),
  connect: (to, signal, tls) => (tls ? connectTls(to, signal, tls) : connectTcp(to, signal)),
  resolve: async (host) => (await systemResolve(host)).map(({ address }) => address),
  services: systemServices,
};

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
