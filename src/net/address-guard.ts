import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Failure } from '../core/index.ts';

/** One address of a host name. */
export interface ResolvedAddress {
  address: string;
  family: 4 | 6;
}

/** Looks up all addresses of a host; rejects when there are none. */
export type Resolve = (hostname: string) => Promise<ResolvedAddress[]>;

// IANA's registries of special-purpose addresses (RFC 6890, as of 2025), and the metadata addresses of clouds.
const SPECIAL: [name: string, ...blocks: string[]][] = [
  ['a "this network" address', '0.0.0.0/8'],
  ['a private address', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  ['a carrier-grade NAT address', '100.64.0.0/10'],
  ['a loopback address', '127.0.0.0/8', '::1/128'],
  ['a link-local address', '169.254.0.0/16', 'fe80::/10'],
  ['a reserved address', '192.0.0.0/24', '192.88.99.0/24', '240.0.0.0/4', '2001::/23'],
  ['a documentation address', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'],
  ['a documentation address', '2001:db8::/32', '3fff::/20'],
  ['a benchmarking address', '198.18.0.0/15'],
  ['a multicast address', '224.0.0.0/4', 'ff00::/8'],
  ['a unique local address', 'fc00::/7'],
  ['a site-local address', 'fec0::/10'],
  ["a cloud's metadata address", '168.63.129.16/32'],
  // Embeds an IPv4 address for a relay; RFC 7526 deprecates them.
  ['a 6to4 address', '2002::/16'],
];

const specialIpv6 = SPECIAL.map(([name, ...blocks]) => ({ name, blocks: blocks.filter(isIpv6) }))
  .filter(({ blocks }) => blocks.length > 0)
  .map(({ name, blocks }) => ({ name, list: blockList(blocks) }));
/** The IPv4 blocks of `SPECIAL`. A `BlockList` takes 20 times as long, and every call asks several times. */
const specialIpv4 = SPECIAL.flatMap(([name, ...blocks]) =>
  blocks
    .filter((block) => !isIpv6(block))
    .map((block) => block.split('/') as [string, string])
    .map(([network, bits]) => ({ name, first: numberOf(network), size: 2 ** (32 - Number(bits)) })),
);
const globalUnicast = blockList(['2000::/3']);
const mapped = blockList(['::ffff:0:0/96']);
// RFC 6052: IPv6-only networks reach all of IPv4 through this prefix, so the embedded address decides.
const nat64 = blockList(['64:ff9b::/96']);

function isIpv6(block: string): boolean {
  return block.includes(':');
}

/** Makes a list of IPv6 blocks. */
function blockList(blocks: string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [network, bits] = block.split('/') as [string, string];
    list.addSubnet(network, Number(bits), 'ipv6');
  }
  return list;
}

/**
 * Why a customer's URL may not reach an address: `a loopback address`, …; undefined for a public address.
 *
 * Text that is not an IP address is refused as well.
 */
export function whyNotPublic(address: string): string | undefined {
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return 'not a public address';
  if (family === 4) return whyNotPublicIpv4(numberOf(address));
  if (mapped.check(address, 'ipv6') || nat64.check(address, 'ipv6')) return whyNotPublic(lastIpv4(address));
  const name = specialIpv6.find(({ list }) => list.check(address, 'ipv6'))?.name;
  return name ?? (globalUnicast.check(address, 'ipv6') ? undefined : 'a reserved address');
}

const whyNotPublicIpv4 = (address: number): string | undefined =>
  specialIpv4.find(({ first, size }) => address >= first && address < first + size)?.name;

/** An IPv4 address as a number. */
function numberOf(address: string): number {
  return address.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
}

/** Whether a public peer names an address that is not public. */
export const isPrivateFromPublicPeer = (address: string, peer: string): boolean =>
  whyNotPublic(address) !== undefined && whyNotPublic(peer) === undefined;

/** The last 32 bits of an IPv6 address, in IPv4 notation. */
function lastIpv4(address: string): string {
  const dotted = /[\d.]+$/.exec(address)?.[0];
  if (dotted?.includes('.')) return dotted;
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(':');
  const [high, low] = groups.slice(-2).map((group) => Number.parseInt(group || '0', 16)) as [number, number];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function notAllowed(host: string, kind: string): Failure {
  return new Failure(
    'address_not_allowed',
    `${host} is ${kind}; this server only connects to public addresses unless it is started with MINIVOICE_ALLOW_PRIVATE_URLS=true`,
  );
}

/** @throws Failure `address_not_allowed` when the host is an IP address that is not public. */
export function checkLiteral(host: string): void {
  const address = host.startsWith('[') ? host.slice(1, -1) : host;
  const why = isIP(address) ? whyNotPublic(address) : undefined;
  if (why) throw notAllowed(address, why);
}

/**
 * Creates a `lookup` for `net.connect` that removes addresses which are not public.
 *
 * The connection goes to the addresses that it returns, which makes DNS rebinding useless: a second, different answer
 * for the same name is never used.
 */
export function guardedLookup(resolve: Resolve, allowPrivate: boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname)
      .then((found) => permitted(hostname, found, allowPrivate))
      .then(
        (all) => (options.all ? callback(null, all) : callback(null, all[0]!.address, all[0]!.family)),
        (error) => callback(error, ''),
      );
  };
}

function permitted(hostname: string, found: ResolvedAddress[], allowPrivate: boolean): ResolvedAddress[] {
  if (found.length === 0) throw new Failure('connect_failed', `${hostname} has no address`);
  if (allowPrivate) return found;
  const allowed = found.filter(({ address }) => !whyNotPublic(address));
  if (allowed.length > 0) return allowed;
  const { address } = found[0]!;
  throw notAllowed(`${hostname} (${address})`, whyNotPublic(address)!);
}
