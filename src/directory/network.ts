import { isIP } from 'node:net';
import { parseHostPort, parseIpAddress } from '../../contract/network-address.ts';

export { type IpNetwork as Network, parseNetwork } from '../../contract/ip-network.ts';

/** The host of `sip:host:port`, `host:port`, `[v6]:port` or `host`, when it is an address and not a name. */
export function addressOf(proxy: string): string | undefined {
  const place = proxy.replace(/^sips?:/i, '').replace(/[;?].*$/, '');
  const host = parseIpAddress(place) ?? parseHostPort(place)?.host ?? '';
  return isIP(host) ? host : undefined;
}
