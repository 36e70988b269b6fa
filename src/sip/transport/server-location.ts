import { parseIpAddress } from '../../../contract/network-address.ts';
import type { Random } from '../../core/index.ts';
import type { ServiceRecord } from '../../net/index.ts';
import { formatUri, parseUri, SipSyntaxError, type Uri } from '../message/index.ts';
import type { Hop, TransportName } from './flow.ts';

/*
 * Locating SIP servers (RFC 3263): from a SIP URI to transport, port and addresses. The name service and its caches
 * are in `net`. NAPTR is not used: the transport comes from the URI, and is UDP if the URI names none.
 */

/** The hops of a request, in the order to try them. */
export interface Target {
  /** At least one. */
  hops: Hop[];
  /** The URI names the transport, so a large message does not switch from UDP to TCP. */
  fixed: boolean;
}

/** Name service lookups, and the random order of equal SRV records. */
export interface NameLookup {
  /** All addresses of a host name. Rejects if there is none. */
  resolve(host: string): Promise<string[]>;
  /** The SRV records of a name; empty if there are none. */
  services(name: string): Promise<ServiceRecord[]>;
  random: Random;
}

/** An address of a server of a SIP URI. */
export interface ServerAddress {
  /** Host of the URI in lower case, not the target of its SRV records. */
  name: string;
  address: string;
  /** undefined: the default port. */
  port: number | undefined;
}

/**
 * Finds the hops of a URI by address lookup (RFC 3263 §4, without SRV). A caller that wants SRV uses `locateServers`
 * and `withServerAddress` first.
 * @throws SipSyntaxError for a URI without UDP, TCP or TLS; any error of `resolve`.
 */
export async function locateHops(uri: string, resolve: NameLookup['resolve']): Promise<Target> {
  const parsed = parseUri(uri);
  const { transport, fixed } = selectTransport(parsed);
  const addresses = await resolve(targetHost(parsed));
  // RFC 3261 §19.1.2
  const port = parsed.port ?? (transport === 'tls' ? 5061 : 5060);
  // RFC 5922 §4: the certificate must be for the host of the URI, whatever address it resolves to.
  const identity = transport === 'tls' ? { serverName: parsed.host } : {};
  return { fixed, hops: addresses.map((address) => ({ transport, address, port, ...identity })) };
}

/** Finds the servers of a URI in order: SRV if it has no port, then addresses (RFC 3263 §4.2). */
export async function locateServers(uri: Uri, lookup: NameLookup): Promise<ServerAddress[]> {
  const name = serverName(uri);
  const servers = await serviceHosts(uri, lookup);
  const found = await Promise.allSettled(
    servers.map(async ({ host, port }) => {
      const literal = addressLiteral(host);
      const addresses = literal === undefined ? await lookup.resolve(host) : [literal];
      return addresses.map((address) => ({ name, address: parseIpAddress(address) ?? address, port }));
    }),
  );
  const located = found.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  const failed = found.find((each) => each.status === 'rejected');
  if (located.length === 0 && failed) throw failed.reason;
  return located;
}

/** All addresses of a URI over any transport, with and without SRV. Empty if the name service fails. */
export async function locateAllAddresses(uri: Uri, lookup: NameLookup): Promise<string[]> {
  const withSrv = ['udp', 'tcp', 'tls'].map((transport) => {
    return { ...uri, port: undefined, params: new Map([['transport', transport]]) };
  });
  const withoutSrv = { ...uri, port: uri.port ?? 5060 };
  const found = await Promise.allSettled(
    [...withSrv, withoutSrv].map((variant) => locateServers(variant, lookup)),
  );
  return found
    .flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
    .map(({ address }) => address);
}

/** The URI with the server's address as `maddr` and its port, so that later lookups cannot change it. */
export const withServerAddress = (uri: Uri, { address, port }: ServerAddress): string =>
  formatUri({ ...uri, port, params: new Map([...uri.params, ['maddr', address]]) });

function selectTransport(uri: Uri): { transport: TransportName; fixed: boolean } {
  const { scheme } = uri;
  const named = namedTransport(uri);
  if (scheme === 'tel') throw new SipSyntaxError('A tel URI has no SIP server', { status: 416 });
  if (named === undefined) return { transport: 'udp', fixed: false };
  if (named === 'udp' || named === 'tcp' || named === 'tls') return { transport: named, fixed: true };
  throw new SipSyntaxError(`The transport ${named} is not supported`, { status: 416 });
}

const namedTransport = ({ scheme, params }: Uri): string | undefined =>
  scheme === 'sips' ? 'tls' : params.get('transport')?.toLowerCase();

/** The maddr replaces the host as destination (RFC 3261 §19.1.1). */
const targetHost = ({ host, params }: Uri): string => params.get('maddr') || host;

const serverName = (uri: Uri): string => targetHost(uri).toLowerCase().replace(/\.$/, '');

/** Reads an address literal with or without brackets. */
const addressLiteral = (host: string): string | undefined => parseIpAddress(host.replace(/^\[(.*)\]$/, '$1'));

async function serviceHosts(
  uri: Uri,
  lookup: NameLookup,
): Promise<{ host: string; port: number | undefined }[]> {
  const host = serverName(uri);
  const own = [{ host, port: uri.port }];
  if (addressLiteral(host) !== undefined || uri.port !== undefined) return own;
  const records = await lookup.services(`${serviceName(uri)}.${host}`);
  const ordered = orderRecords(records, lookup.random);
  return ordered.length > 0 ? ordered.map(({ name, port }) => ({ host: name, port })) : own;
}

function serviceName(uri: Uri): string {
  const transport = namedTransport(uri) ?? 'udp';
  return transport === 'tls' ? '_sips._tcp' : `_sip._${transport}`;
}

/** Orders SRV records by priority, and randomly by weight within a priority (RFC 2782). */
function orderRecords(records: ServiceRecord[], random: Random): ServiceRecord[] {
  return records
    .map((record) => ({ record, draw: random.float() ** (1 / (record.weight || 0.1)) }))
    .sort((a, b) => a.record.priority - b.record.priority || b.draw - a.draw)
    .map(({ record }) => record);
}
