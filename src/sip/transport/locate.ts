import type { Network } from '../../net/index.ts';
import { parseUri, SipSyntaxError, type Uri } from '../message/index.ts';
import type { Hop, TransportName } from './flow.ts';

/** Where a request may go. */
export interface Target {
  /** In the order to try them; at least one. */
  hops: Hop[];
  /** The transport was asked for by name: a large message does not change it. */
  fixed: boolean;
}

/**
 * RFC 3263 §4 as far as addresses and A/AAAA records go: no NAPTR, no SRV.
 * @throws SipSyntaxError for a URI that cannot be reached over UDP, TCP or TLS; whatever `resolve` throws.
 */
export async function locate(uri: string, network: Network): Promise<Target> {
  const parsed = parseUri(uri);
  const { transport, fixed } = transportOf(parsed);
  // RFC 3261 §19.1.1: maddr says where to go instead of the host.
  const host = parsed.params.get('maddr') || parsed.host;
  const addresses = await network.resolve(host);
  // RFC 3261 §19.1.2
  const port = parsed.port ?? (transport === 'tls' ? 5061 : 5060);
  // RFC 5922 §4: what was asked for is what must be proven, wherever it leads.
  const proof = transport === 'tls' ? { serverName: parsed.host } : {};
  return { fixed, hops: addresses.map((address) => ({ transport, address, port, ...proof })) };
}

function transportOf({ scheme, params }: Uri): { transport: TransportName; fixed: boolean } {
  const named = params.get('transport')?.toLowerCase();
  if (scheme === 'sips') return { transport: 'tls', fixed: true };
  if (scheme !== 'sip') throw new SipSyntaxError(`There is no way to a ${scheme} URI`, { status: 416 });
  if (named === undefined) return { transport: 'udp', fixed: false };
  if (named === 'udp' || named === 'tcp' || named === 'tls') return { transport: named, fixed: true };
  throw new SipSyntaxError(`The transport ${named} is not spoken here`, { status: 416 });
}
