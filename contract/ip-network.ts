import { BlockList, isIP } from 'node:net';
import { addressIdentity, parseIpAddress } from './network-address.ts';

/** A block of addresses: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`. */
export interface IpNetwork {
  /** How many bits are fixed: the more, the more specific. */
  prefix: number;
  version: 4 | 6;
  /** Compares hosts, not texts: a mapped or translated IPv6 address is the IPv4 address that it carries. */
  contains(address: string): boolean;
  overlaps(other: IpNetwork): boolean;
  /** The first of its addresses that was named. */
  address: string;
}

const family = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** @returns undefined when the text is neither an address nor a CIDR block. */
export function parseNetwork(text: string): IpNetwork | undefined {
  const [literal = '', length, ...rest] = text.split('/');
  const written = isIP(literal) === 6 ? 128 : 32;
  const bits = length === undefined ? written : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (parseIpAddress(literal) === undefined || rest.length > 0 || bits < 0 || bits > written)
    return undefined;
  // A block of mapped addresses is one of IPv4.
  const carried = written === 128 && bits >= 96 ? addressIdentity(literal) : literal;
  const address = isIP(carried) === 4 ? carried : literal;
  const prefix = address === literal ? bits : bits - 96;
  const list = new BlockList();
  list.addSubnet(address, prefix, family(address));
  const contains = (other: string) => {
    const host = addressIdentity(other);
    return isIP(host) === isIP(address) && list.check(host, family(host));
  };
  const overlaps = (other: IpNetwork) => contains(other.address) || other.contains(address);
  return { address, prefix, version: isIP(address) === 6 ? 6 : 4, contains, overlaps };
}
