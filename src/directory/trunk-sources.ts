import { isIP } from 'node:net';
import {
  type IpNetwork,
  parseHostPort,
  parseIpAddress,
  parseNetwork,
} from '../../contract/network-address.ts';
import type { Trunk } from './store.ts';

/** The shortest prefixes that a customer may name in `inbound_ip`. */
export interface CustomerPrefixes {
  ipv4: number;
  ipv6: number;
}

/** A block of addresses that a trunk's calls come from. */
interface Source {
  network: IpNetwork;
  trunk: Trunk;
}

/** Finds the active trunks that an address belongs to. */
export class TrunkSources {
  /** By `inbound_ip`, the most specific block first. */
  #inbound: Source[];
  /** By proxies that are given as addresses. */
  #proxies: Source[];

  constructor(active: Trunk[], prefixes: CustomerPrefixes) {
    const applies = ({ network, trunk }: Source) =>
      trunk.customerId === null || !isTooWide(network, prefixes);
    this.#inbound = sourcesOf(active, (trunk) => trunk.inboundIp).filter(applies);
    this.#inbound.sort((one, other) => other.network.prefix - one.network.prefix);
    this.#proxies = sourcesOf(active, (trunk) => addressOf(trunk.proxy));
  }

  /** Returns the trunks whose calls may come from this address, the smallest block first. */
  at(address: string): Trunk[] {
    const trunks = [...this.#inbound, ...this.#proxies].filter(isAt(address)).map(({ trunk }) => trunk);
    return operatorsFirst(trunks);
  }

  /** Returns the trunks whose proxy is at this address. */
  proxiesAt(address: string): Trunk[] {
    return this.#proxies.filter(isAt(address)).map(({ trunk }) => trunk);
  }
}

/** Returns the operator's trunks if there are any, else all. Customers cannot claim the operator's addresses. */
export function operatorsFirst<T extends Pick<Trunk, 'customerId'>>(trunks: T[]): T[] {
  const operators = trunks.filter(({ customerId }) => customerId === null);
  return operators.length > 0 ? operators : trunks;
}

/** Lists trunks of customers whose `inbound_ip` is ignored, wholly or in part, and why. */
export function* inboundIpProblems(
  active: Trunk[],
  prefixes: CustomerPrefixes,
): Generator<{ trunk: Trunk; problem: string }> {
  const operators = active.filter(({ customerId }) => customerId === null);
  for (const trunk of active) {
    const network = trunk.customerId === null ? undefined : parseNetwork(trunk.inboundIp ?? '');
    if (!network) continue;
    const other = operators.find(({ inboundIp }) => parseNetwork(inboundIp ?? '')?.overlaps(network));
    if (isTooWide(network, prefixes)) {
      yield { trunk, problem: `inbound_ip matches no call: ${widestOf(prefixes)}` };
    } else if (other) {
      const problem = `inbound_ip does not match where trunk ${other.id} of the operator does (${other.inboundIp})`;
      yield { trunk, problem };
    }
  }
}

/** Whether a block is wider than a customer may name. */
export const isTooWide = ({ prefix, version }: IpNetwork, { ipv4, ipv6 }: CustomerPrefixes): boolean =>
  prefix < (version === 4 ? ipv4 : ipv6);

/** Says which blocks customers may name, and how the operator can allow wider ones. */
export function widestOf({ ipv4, ipv6 }: CustomerPrefixes): string {
  const settings = 'MINIVOICE_CUSTOMER_TRUNK_IPV4_PREFIX and MINIVOICE_CUSTOMER_TRUNK_IPV6_PREFIX';
  return `a customer's trunk has at most a /${ipv4} of IPv4 or a /${ipv6} of IPv6; the operator can allow more with ${settings}`;
}

export const isSameNetwork = (one: IpNetwork, other: IpNetwork): boolean =>
  one.prefix === other.prefix && one.contains(other.address);

/** Returns the address in `sip:host:port`, `host:port`, `[v6]:port` or `host`; undefined for a name. */
export function addressOf(proxy: string): string | undefined {
  const target = proxy.replace(/^sips?:/i, '').replace(/[;?].*$/, '');
  const host = parseIpAddress(target) ?? parseHostPort(target)?.host ?? '';
  return isIP(host) ? host : undefined;
}

const isAt =
  (address: string) =>
  ({ network }: Source): boolean =>
    network.contains(address);

function sourcesOf(trunks: Trunk[], blockOf: (trunk: Trunk) => string | null | undefined): Source[] {
  return trunks.flatMap((trunk) => {
    const network = parseNetwork(blockOf(trunk) ?? '');
    return network ? [{ network, trunk }] : [];
  });
}
