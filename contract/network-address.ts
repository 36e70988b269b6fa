/**
 * Ports, IP addresses, networks and hosts. REST, SIP, SDP, DNS and the settings all parse them with these functions, so
 * that every part of MiniVoice accepts the same values.
 */
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/** Whether a number is a port that packets can be sent to: 1 to 65535. */
export const isPort = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 65_535;

/** Parses a decimal port. Leading zeros are allowed. @returns undefined outside 1 to 65535. */
export function parsePort(text: string): number | undefined {
  const port = /^\d{1,8}$/.test(text) ? Number(text) : 0;
  return isPort(port) ? port : undefined;
}

/**
 * Parses an IP address without brackets into its canonical form.
 *
 * IPv4 becomes four decimal numbers, IPv6 the form of RFC 5952, and an IPv4-mapped IPv6 address IPv4.
 * @returns undefined for anything else, including scoped addresses and numbers in other radixes.
 */
export function parseIpAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const groups = groupsOf(text);
  return startsWith(groups, MAPPED) ? ipv4Of(groups[6]!, groups[7]!) : compressed(text);
}

/**
 * The host that an address identifies, for comparisons.
 *
 * It has no scope, and is an IPv4 address if the IPv6 address contains one (mapped, compatible, NAT64, SIIT, 6to4).
 * Do not send to it: in an IPv6-only network, only the IPv6 address reaches the host.
 */
export function addressIdentity(address: string): string {
  if (!address.includes(':')) return address;
  const text = address.split('%', 1)[0]!;
  if (!isIPv6(text)) return address;
  const groups = groupsOf(text);
  if (IPV4_PREFIXES.some((prefix) => startsWith(groups, prefix))) return ipv4Of(groups[6]!, groups[7]!);
  if (groups[0] === 0x2002) return ipv4Of(groups[1]!, groups[2]!);
  const isCompatible = groups.slice(0, 6).every((group) => group === 0) && groups[6] !== 0;
  return isCompatible ? ipv4Of(groups[6]!, groups[7]!) : compressed(text);
}

/**
 * The source that requests from an address are counted for: an IPv4 address, or an IPv6 /64 such as
 * `2001:db8:0:0::/64`, because one client usually has a whole /64.
 */
export function sourceNetwork(address: string): string {
  const host = addressIdentity(address);
  if (!isIPv6(host)) return host;
  const groups = groupsOf(host).slice(0, 4);
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`;
}

// RFC 4291 §2.5.5.2, RFC 6052 §2.1, RFC 8215, RFC 7915 §4: prefixes of addresses that contain an IPv4 address in the last 32 bits.
const MAPPED = [0, 0, 0, 0, 0, 0xffff];
const IPV4_PREFIXES = [MAPPED, [0x64, 0xff9b, 0, 0, 0, 0], [0x64, 0xff9b, 1], [0, 0, 0, 0, 0xffff, 0]];

const startsWith = (groups: number[], prefix: number[]): boolean =>
  prefix.every((group, at) => groups[at] === group);

const ipv4Of = (high: number, low: number): string => [high >> 8, high & 255, low >> 8, low & 255].join('.');

const compressed = (ipv6: string): string => new URL(`http://[${ipv6}]`).hostname.slice(1, -1);

function groupsOf(ipv6: string): number[] {
  const [before = '', after] = compressed(ipv6).split('::');
  const read = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [left, right] = [read(before), read(after ?? '')];
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** A host in signaling, with an optional port. */
export interface HostPort {
  /** A host name as it was written, or an IP address in its canonical form, without brackets. */
  host: string;
  port: number | undefined;
}

// RFC 3261 does not allow an underscore, but it is common in private domains.
const HOST_PORT = /^(?:([A-Za-z0-9_][A-Za-z0-9_.-]*)|\[([0-9A-Fa-f:.]+)\])(?::(\d{1,8}))?$/;
const DIGITS_AND_DOTS = /^[\d.]+$/;

/**
 * Parses `host`, `host:port`, `[IPv6]` or `[IPv6]:port`.
 * @param options.anyName accepts names that cannot be resolved, such as `256.1.1.1`, which received SIP messages may have.
 * @returns undefined if the host is malformed, if it has only digits and dots but is not an IPv4 address, or if the
 * port is not 1 to 65535.
 */
export function parseHostPort(text: string, { anyName = false } = {}): HostPort | undefined {
  const match = HOST_PORT.exec(text);
  if (!match) return undefined;
  const [, name, literal, digits] = match;
  const port = digits === undefined ? undefined : parsePort(digits);
  const named = anyName ? name : name && hostName(name);
  const host = literal === undefined ? named : isIPv6(literal) ? parseIpAddress(literal) : undefined;
  return host === undefined || (digits !== undefined && port === undefined) ? undefined : { host, port };
}

// RFC 1123 §2.1: a name whose last label is a number looks like an address in another radix.
function hostName(name: string): string | undefined {
  if (isIPv4(name)) return name;
  const labels = name.replace(/\.$/, '').split('.');
  const isNumber = /^(\d+|0x[0-9a-f]*)$/i.test(labels.at(-1)!);
  const fits =
    name.length <= 255 &&
    !name.endsWith('-') &&
    labels.every((label) => label.length >= 1 && label.length <= 63);
  return isNumber || DIGITS_AND_DOTS.test(name) || !fits ? undefined : name;
}

/** An IP network: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`. */
export interface IpNetwork {
  /** The length of the prefix in bits. */
  prefix: number;
  version: 4 | 6;
  /** Compares hosts, not texts: a mapped or translated IPv6 address counts as the IPv4 address in it. */
  contains(address: string): boolean;
  overlaps(other: IpNetwork): boolean;
  /** The address before the slash. */
  address: string;
}

const family = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** Parses an address or a CIDR block. @returns undefined for any other text. */
export function parseNetwork(text: string): IpNetwork | undefined {
  const [literal = '', length, ...rest] = text.split('/');
  const maxBits = isIP(literal) === 6 ? 128 : 32;
  const bits = length === undefined ? maxBits : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (parseIpAddress(literal) === undefined || rest.length > 0 || bits < 0 || bits > maxBits)
    return undefined;
  // A network of mapped addresses is an IPv4 network.
  const contained = maxBits === 128 && bits >= 96 ? addressIdentity(literal) : literal;
  const address = isIP(contained) === 4 ? contained : literal;
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
