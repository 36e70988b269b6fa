import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';

const family = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** @param blocks addresses and CIDR blocks, valid. @returns whether an address is in one of them. */
export function inBlocks(blocks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const block of blocks) {
    const [network = '', bits] = block.split('/');
    const version = family(network);
    if (bits === undefined) list.addAddress(network, version);
    else list.addSubnet(network, Number(bits), version);
  }
  return (address) => isIP(address) !== 0 && list.check(address, family(address));
}

/**
 * The address of whoever sends a request: of the socket or, where that is a trusted proxy, the right-most untrusted
 * address of `X-Forwarded-For` or `Forwarded` (RFC 7239). A proxy that writes one of the two passes the other one on as
 * the client wrote it, so where they disagree neither is believed.
 */
export function clientAddress(
  socketAddress: string,
  headers: IncomingHttpHeaders,
  isTrusted: (address: string) => boolean,
): string {
  const peer = plainAddress(socketAddress) ?? socketAddress;
  if (!isTrusted(peer)) return peer;
  const told = [forwardedFor(headers), forwarded(headers)].filter((hops) => hops !== undefined);
  const [first = peer, second = first] = told.map((hops) => rightmostUntrusted(hops, peer, isTrusted));
  return first === second ? first : peer;
}

/** Whether a proxy has passed the request on, trusted or not. */
export const isForwarded = (headers: IncomingHttpHeaders): boolean =>
  forwardedFor(headers) !== undefined || forwarded(headers) !== undefined;

function rightmostUntrusted(hops: string[], peer: string, isTrusted: (address: string) => boolean): string {
  let known = peer;
  for (let at = hops.length - 1; at >= 0 && isTrusted(known); at--) {
    const address = plainAddress(hops[at]!);
    // `unknown`, a name, or garbage: the last proxy that is trusted answers for it.
    if (address === undefined) return known;
    known = address;
  }
  return known;
}

function forwardedFor({ 'x-forwarded-for': header }: IncomingHttpHeaders): string[] | undefined {
  return header === undefined ? undefined : String(header).split(',');
}

function forwarded({ forwarded: header }: IncomingHttpHeaders): string[] | undefined {
  if (header === undefined) return undefined;
  return header.split(',').map((hop) => /(?:^|;)\s*for\s*=\s*("[^"]*"|[^;\s]*)/i.exec(hop)?.[1] ?? '');
}

/** `192.0.2.1`, `192.0.2.1:80`, `"[2001:db8::1]:80"` and `::ffff:192.0.2.1` as plain addresses; else undefined. */
function plainAddress(text: string): string | undefined {
  const bare = text.trim().replace(/^"|"$/g, '');
  const host = /^\[([^\]]*)\](:\d+)?$/.exec(bare)?.[1] ?? bare.replace(/^(\d[\d.]*):\d+$/, '$1');
  const address = host.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '');
  return isIP(address) === 0 ? undefined : address;
}

/** Whom requests are counted for: an IPv4 address, or a /64 of IPv6, which one client has for itself. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail.split(':').filter(Boolean);
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}::/64`;
}
