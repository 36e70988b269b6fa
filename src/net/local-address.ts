import { networkInterfaces } from 'node:os';

/**
 * An address under which others reach what is bound to `bound`: itself, or for the wildcard the first IPv4 address
 * of this machine that is not loopback (loopback when there is no other).
 */
export function reachableAddress(bound: string): string {
  if (bound !== '0.0.0.0' && bound !== '::') return bound;
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outward = all.find(({ family, internal }) => family === 'IPv4' && !internal);
  return outward?.address ?? '127.0.0.1';
}
