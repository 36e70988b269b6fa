import { isIP } from 'node:net';
import { Failure } from '../kit/index.ts';
import { whyNotPublic } from '../net/index.ts';
import { formatUri, type Hop, parseUri } from '../sip/index.ts';
import type { Way } from './way.ts';

export interface Located {
  /** All addresses of a host name; an address stands for itself. Rejects when there is none. */
  resolve(host: string): Promise<string[]>;
  /** Whether hosts that customers give may be of private networks. */
  allowPrivate: boolean;
}

/**
 * Finds the places behind a way. What is checked is what is sent to: the address goes into `maddr`, so that a
 * name which answers differently the second time (DNS rebinding) gains nothing.
 */
export function locator({
  resolve,
  allowPrivate,
}: Located): (way: Pick<Way, 'destination' | 'guarded'>) => Promise<(string | Hop)[]> {
  return async ({ destination, guarded }) => {
    if (typeof destination !== 'string') return [destination];
    const uri = parseUri(destination);
    const host = uri.params.get('maddr') ?? uri.host;
    const addresses = isIP(host) ? [host] : await resolve(host);
    const open = guarded && !allowPrivate ? addresses.filter((each) => !whyNotPublic(each)) : addresses;
    if (open.length === 0) throw notAllowed(uri.host, addresses[0]);
    return open.map((address) => formatUri({ ...uri, params: new Map([...uri.params, ['maddr', address]]) }));
  };
}

function notAllowed(host: string, address: string | undefined): Failure {
  if (address === undefined) return new Failure('connect_failed', `${host} has no address`);
  return new Failure('address_not_allowed', `${host} is ${whyNotPublic(address)}`);
}
