import type { IncomingHttpHeaders } from 'node:http';
import { parseIpAddress, parseNetwork } from '../../contract/network-address.ts';

/** Creates a function that checks whether an address is in one of the given addresses and CIDR blocks. */
export function inBlocks(blocks: readonly string[]): (address: string) => boolean {
  const networks = blocks.flatMap((block) => parseNetwork(block) ?? []);
  return (address) => networks.some((network) => network.contains(address));
}

/**
 * The address of the client that sends a request.
 *
 * It is the address of the socket or, if that is a trusted proxy, the rightmost untrusted address of `X-Forwarded-For`
 * or `Forwarded` (RFC 7239). A proxy that writes one of the two headers forwards the other as the client wrote it, so
 * neither is used if they disagree.
 */
export function clientAddress(
  socketAddress: string,
  headers: IncomingHttpHeaders,
  isTrusted: (address: string) => boolean,
): string {
  const peer = plainAddress(socketAddress) ?? socketAddress;
  if (!isTrusted(peer)) return peer;
  const hopLists = [forwardedFor(headers), forwarded(headers)].filter((hops) => hops !== undefined);
  const [first = peer, second = first] = hopLists.map((hops) => rightmostUntrusted(hops, peer, isTrusted));
  return first === second ? first : peer;
}

/** Whether a proxy, trusted or not, has forwarded the request. */
export const isForwarded = (headers: IncomingHttpHeaders): boolean =>
  Object.keys(headers).some((name) => PROXY_HEADERS.test(name));

const PROXY_HEADERS =
  /^(x-forwarded.*|forwarded|via|x-real-ip|x-original-.*|x-client-ip|x-cluster-client-ip|true-client-ip|cf-.*|cdn-loop|fastly-.*|x-envoy-.*|x-amzn-.*|x-appengine-.*)$/;

function rightmostUntrusted(hops: string[], peer: string, isTrusted: (address: string) => boolean): string {
  let known = peer;
  for (let at = hops.length - 1; at >= 0 && isTrusted(known); at--) {
    const address = plainAddress(hops[at]!);
    // For `unknown`, a name, or garbage, the last trusted proxy counts as the client.
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

/** Parses an address with an optional port, such as `192.0.2.1:80` and `"[2001:db8::1]:80"`. @returns undefined for other text. */
function plainAddress(text: string): string | undefined {
  const bare = text.trim().replace(/^"|"$/g, '');
  const host = /^\[([^\]]*)\](:\d+)?$/.exec(bare)?.[1] ?? bare.replace(/^(\d[\d.]*):\d+$/, '$1');
  return parseIpAddress(host.replace(/%.*$/, ''));
}
