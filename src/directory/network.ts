import { BlockList, isIP } from 'node:net';

/** A block of addresses: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`. */
export interface Network {
  /** How many bits are fixed: the more, the more specific. */
  prefix: number;
  /** At most 256 addresses of IPv4, or what one site has of IPv6. */
  narrow: boolean;
  contains(address: string): boolean;
}

const family = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** @returns undefined when the text is neither an address nor a CIDR block. */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const version = isIP(address);
  const widest = version === 6 ? 128 : 32;
  const prefix = length === undefined ? widest : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (version === 0 || rest.length > 0 || prefix < 0 || prefix > widest) return undefined;
  const list = new BlockList();
  list.addSubnet(address, prefix, family(address));
  const narrow = prefix >= (version === 6 ? 48 : 24);
  return { prefix, narrow, contains: (other) => isIP(other) !== 0 && list.check(other, family(other)) };
}

/** The host of `sip:host:port`, `host:port`, `[v6]:port` or `host`, when it is an address and not a name. */
export function addressOf(proxy: string): string | undefined {
  const host = proxy.replace(/^sips?:/i, '').replace(/[;?].*$/, '');
  const bare = /^\[([^\]]+)\]/.exec(host)?.[1] ?? (isIP(host) === 6 ? host : host.replace(/:\d+$/, ''));
  return isIP(bare) ? bare : undefined;
}
