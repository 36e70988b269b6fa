import { isIPv4, isIPv6 } from 'node:net';

/**
 * Ports, IP addresses and hosts within the limits of the operating system. REST, SIP, SDP, DNS and the settings all
 * read them with these functions, so that what one of them accepts can be used by all others.
 */

/** Whether a peer can be sent to at this port: 1 to 65535. */
export const isPort = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 65_535;

/** Reads a port in decimal digits. Leading zeros are allowed. @returns undefined outside of 1 to 65535. */
export function parsePort(text: string): number | undefined {
  const port = /^\d{1,8}$/.test(text) ? Number(text) : 0;
  return isPort(port) ? port : undefined;
}

/**
 * Reads an address literal, without brackets, into the one form in which it is kept: IPv4 as four decimal numbers,
 * IPv6 as RFC 5952 writes it, and an IPv4-mapped IPv6 address as IPv4.
 * @returns undefined for anything else, which includes scoped addresses and numbers in other radixes.
 */
export function parseIpAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const groups = groupsOf(text);
  return startsWith(groups, MAPPED) ? ipv4Of(groups[6]!, groups[7]!) : compressed(text);
}

/**
 * The host that an address stands for, to compare two addresses: without the scope, and as IPv4 where the address
 * only carries an IPv4 address (mapped, compatible, translated by NAT64 or SIIT, 6to4).
 * Never send to it: an IPv6-only network reaches that host by the IPv6 address alone.
 */
export function addressIdentity(address: string): string {
  if (!address.includes(':')) return address;
  const text = address.split('%', 1)[0]!;
  if (!isIPv6(text)) return address;
  const groups = groupsOf(text);
  if (CARRIERS.some((prefix) => startsWith(groups, prefix))) return ipv4Of(groups[6]!, groups[7]!);
  if (groups[0] === 0x2002) return ipv4Of(groups[1]!, groups[2]!);
  const isCompatible = groups.slice(0, 6).every((group) => group === 0) && groups[6] !== 0;
  return isCompatible ? ipv4Of(groups[6]!, groups[7]!) : compressed(text);
}

/**
 * Whom requests from an address are counted for: an IPv4 address, or a /64 of IPv6 (`2001:db8:0:0::/64`), which one
 * client has for itself.
 */
export function sourceNetwork(address: string): string {
  const host = addressIdentity(address);
  if (!isIPv6(host)) return host;
  const groups = groupsOf(host).slice(0, 4);
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`;
}

// RFC 4291 §2.5.5.2, RFC 6052 §2.1, RFC 8215, RFC 7915 §4: the prefixes before an IPv4 address in the last 32 bits.
const MAPPED = [0, 0, 0, 0, 0, 0xffff];
const CARRIERS = [MAPPED, [0x64, 0xff9b, 0, 0, 0, 0], [0x64, 0xff9b, 1], [0, 0, 0, 0, 0xffff, 0]];

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

/** A host as signaling names it. */
export interface HostPort {
  /** A host name as it was written, or an IP address in the form of `parseIpAddress`, without brackets. */
  host: string;
  port: number | undefined;
}

// An underscore is not in RFC 3261's grammar, but is common in private domains.
const HOST_PORT =
  /^(?:([A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9_.])?)|\[([0-9A-Fa-f:.]{2,45})\])(?::(\d{1,8}))?$/;
const DIGITS_AND_DOTS = /^[\d.]+$/;

/**
 * Reads `host`, `host:port`, `[IPv6]` or `[IPv6]:port`.
 * @returns undefined when the host is malformed, has only digits and dots without being an IPv4 address, or when
 * the port is not one that can be sent to.
 */
export function parseHostPort(text: string): HostPort | undefined {
  const match = HOST_PORT.exec(text);
  if (!match) return undefined;
  const [, name, literal, digits] = match;
  const port = digits === undefined ? undefined : parsePort(digits);
  const host =
    literal === undefined ? hostName(name!) : isIPv6(literal) ? parseIpAddress(literal) : undefined;
  return host === undefined || (digits !== undefined && port === undefined) ? undefined : { host, port };
}

// RFC 1123 §2.1: a name whose last label is a number cannot be told from an address in another radix.
function hostName(name: string): string | undefined {
  if (isIPv4(name)) return name;
  const labels = name.replace(/\.$/, '').split('.');
  const isNumber = /^(\d+|0x[0-9a-f]*)$/i.test(labels.at(-1)!);
  const fits = labels.every((label) => label.length >= 1 && label.length <= 63);
  return isNumber || DIGITS_AND_DOTS.test(name) || !fits ? undefined : name;
}
