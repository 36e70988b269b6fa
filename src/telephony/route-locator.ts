import { parseIpAddress } from '../../contract/network-address.ts';
import { Failure, type Random } from '../core/index.ts';
import { type ServiceRecord, whyNotPublic } from '../net/index.ts';
import { formatUri, type Hop, parseUri, type Uri } from '../sip/index.ts';
import type { Way } from './way.ts';

export interface Located {
  /** All addresses of a host name. Rejects when there is none. */
  resolve(host: string): Promise<string[]>;
  /** The SRV records of a name; none where there are none. */
  services(name: string): Promise<ServiceRecord[]>;
  random: Random;
  /** Whether hosts that customers give may be of private networks. */
  allowPrivate: boolean;
  /** Resolves when it is known where the trunks are, or cannot be found out now. Never rejects. */
  trunksKnown?(): Promise<void>;
  /** Whether a place is that of a trunk which the customer's calls do not pay for when they go there straight. */
  isForeignTrunk?(place: Pick<Place, 'name' | 'address'>, customerId: string): boolean;
}

/** A domain with more places than these has tried for long enough. */
const MAX_PLACES = 6;

/**
 * Finds the places behind a way (RFC 3263 §4.2: SRV where no port is given, then addresses; no NAPTR). What is
 * checked is what is sent to: the address goes into `maddr`, so that a name which answers differently the second
 * time (DNS rebinding) gains nothing.
 */
export function locator(
  located: Located,
): (way: Pick<Way, 'destination' | 'guarded' | 'straightFor'>) => Promise<(string | Hop)[]> {
  return async ({ destination, guarded, straightFor }) => {
    if (typeof destination !== 'string') return [destination];
    const uri = parseUri(destination);
    const places = await placesOf(uri, located);
    if (straightFor !== undefined) await located.trunksKnown?.();
    const why = (place: Place) =>
      (guarded && !located.allowPrivate && whyNotPublic(place.address)) ||
      (straightFor !== undefined && located.isForeignTrunk?.(place, straightFor) && "a trunk's address");
    const open = places.filter((place) => !why(place));
    const [first] = places;
    if (!first) throw new Failure('connect_failed', `${uri.host} has no address`);
    if (open.length === 0) throw new Failure('address_not_allowed', `${uri.host} is ${why(first)}`);
    return open.slice(0, MAX_PLACES).map(({ address, port }) => {
      return formatUri({ ...uri, port, params: new Map([...uri.params, ['maddr', address]]) });
    });
  };
}

/** The addresses behind a proxy's URI. Rejects when there is none. */
export async function addressesOf(proxy: string, located: Located): Promise<string[]> {
  const places = await placesOf(parseUri(proxy), located);
  return places.map(({ address }) => address);
}

/** Every address that a proxy's host name has, over whatever transport; none while the name service is silent. */
export async function addressesAround(proxy: string, located: Located): Promise<string[]> {
  const uri = parseUri(proxy);
  const transports = ['udp', 'tcp', 'tls'].map((transport) => new Map([['transport', transport]]));
  const ways = transports.map((params) => ({ ...uri, port: undefined, params }));
  const all = [...ways, { ...uri, port: uri.port ?? 5060 }].map((way) => placesOf(way, located));
  const found = await Promise.allSettled(all);
  return found
    .flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
    .map(({ address }) => address);
}

interface Place {
  /** The host that was asked for, in lower case: the URI's own, and not the one that its SRV records name. */
  name: string;
  address: string;
  port: number | undefined;
}

async function placesOf(uri: Uri, located: Located): Promise<Place[]> {
  const servers = await serversOf(uri, located);
  const name = hostOf(uri);
  const found = await Promise.allSettled(
    servers.map(async ({ host, port }) => {
      const literal = literalOf(host);
      const addresses = literal === undefined ? await located.resolve(host) : [literal];
      return addresses.map((address) => ({ name, address: parseIpAddress(address) ?? address, port }));
    }),
  );
  const places = found.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  const failed = found.find((each) => each.status === 'rejected');
  if (places.length === 0 && failed) throw failed.reason;
  return places;
}

async function serversOf(uri: Uri, located: Located): Promise<{ host: string; port: number | undefined }[]> {
  const host = hostOf(uri);
  const itself = [{ host, port: uri.port }];
  if (literalOf(host) !== undefined || uri.port !== undefined) return itself;
  const records = await located.services(`${serviceOf(uri)}.${host}`);
  const ordered = inOrder(records, located.random);
  return ordered.length > 0 ? ordered.map(({ name, port }) => ({ host: name, port })) : itself;
}

/** RFC 3261 §19.1.1: maddr says where to go instead of the host. */
const hostOf = (uri: Uri): string => (uri.params.get('maddr') || uri.host).toLowerCase().replace(/\.$/, '');

/** The address that a host is written as, with or without brackets. */
const literalOf = (host: string): string | undefined => parseIpAddress(host.replace(/^\[(.*)\]$/, '$1'));

function serviceOf({ scheme, params }: Uri): string {
  const transport = params.get('transport')?.toLowerCase() ?? 'udp';
  if (scheme === 'sips' || transport === 'tls') return '_sips._tcp';
  return `_sip._${transport}`;
}

/** RFC 2782: by priority, and by chance among those of one, the weightier the more often. */
function inOrder(records: ServiceRecord[], random: Random): ServiceRecord[] {
  return records
    .map((record) => ({ record, draw: random.float() ** (1 / (record.weight || 0.1)) }))
    .sort((a, b) => a.record.priority - b.record.priority || b.draw - a.draw)
    .map(({ record }) => record);
}
