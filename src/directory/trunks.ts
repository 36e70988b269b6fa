import type { Page, PageRequest } from '../calls/index.ts';
import { Failure, Signal } from '../core/index.ts';
import type { Making } from './applications.ts';
import { changed, type Some } from './changes.ts';
import { isCountry } from './countries.ts';
import { addressOf, type Network, parseNetwork } from './network.ts';
import { requireRoom } from './room.ts';
import { Shelf } from './shelf.ts';
import type { DirectoryStore, Trunk } from './store.ts';

/** What can be set on a trunk. */
export type TrunkFields = Omit<Trunk, 'id' | 'customerId' | 'createdAt' | 'updatedAt'>;

export type NewTrunk = Pick<Trunk, 'name' | 'proxy'> & Some<TrunkFields & Pick<Trunk, 'customerId'>>;

const MAX_TRUNKS = 100;

const defaults: Omit<TrunkFields, 'name' | 'proxy' | 'gatewayName' | 'callerIds'> = {
  username: null,
  password: null,
  realm: null,
  fromDomain: null,
  inboundIp: null,
  isActive: true,
  transport: 'udp',
  register: false,
  srtp: false,
  country: null,
  forwardCallerId: true,
};

/** How wide a block of addresses a customer may name in `inbound_ip`: the least bits that are fixed. */
export interface CustomerPrefixes {
  ipv4: number;
  ipv6: number;
}

const CUSTOMER_PREFIXES: CustomerPrefixes = { ipv4: 24, ipv6: 64 };

/** A block of addresses that calls of a trunk come from. */
interface Source {
  network: Network;
  trunk: Trunk;
}

/** Where trunks are, the most specific first. */
interface Sources {
  /** By `inbound_ip`, as far as it counts. */
  inbound: Source[];
  /** By a proxy that is given as an address. */
  proxies: Source[];
}

/** The ways to and from the telephone network. */
export class Trunks {
  /** Told after each change, when it is kept. */
  readonly onChanged = new Signal<void>();
  #making: Making;
  #rows: Shelf<Trunk>;
  #prefixes: CustomerPrefixes;
  /** As of a version of the rows. */
  #sources: Sources = { inbound: [], proxies: [] };
  #version = -1;

  /** @param store saves trunks as they are handed to it: passwords are sealed before. */
  constructor(rows: Trunk[], store: DirectoryStore, making: Making, prefixes = CUSTOMER_PREFIXES) {
    this.#making = making;
    this.#prefixes = prefixes;
    this.#rows = new Shelf(rows, (row) => nameIn(row.customerId, row.gatewayName), {
      save: (row) => store.saveTrunk(row),
      delete: (id) => store.deleteTrunk(id),
    });
  }

  get(id: string): Trunk | undefined {
    return this.#rows.get(id);
  }

  /** Newest first: a customer's own and those for all; or every trunk. */
  list(filter: { customerId?: string | undefined }, page: PageRequest): Page<Trunk> {
    const { customerId } = filter;
    const wanted = (row: Trunk) =>
      customerId === undefined || row.customerId === null || row.customerId === customerId;
    return this.#rows.page(wanted, page);
  }

  /** All that are active. */
  active(): Trunk[] {
    return [...this.#rows.all()].filter((row) => row.isActive);
  }

  /** What may carry a call of the customer: active trunks, its own before those for all. */
  outbound(customerId: string): Trunk[] {
    const active = this.active();
    const own = active.filter((row) => row.customerId === customerId);
    return [...own, ...active.filter((row) => row.customerId === null)];
  }

  /**
   * Whose calls come from this address: the active trunk with the smallest block around it in `inboundIp`, else the one
   * whose proxy is at the address. A proxy given by name is not looked up here.
   */
  from(address: string): Trunk | undefined {
    return this.at(address)[0];
  }

  /**
   * All active trunks that calls from this address belong to, the one with the smallest block first. Where the
   * operator has a trunk, customers have none.
   */
  at(address: string): Trunk[] {
    const { inbound, proxies } = this.#current;
    const trunks = [...inbound, ...proxies].filter(isAt(address)).map(({ trunk }) => trunk);
    return operatorsFirst(trunks);
  }

  /** The active trunks that calls are sent to at this address. A proxy given by name is not looked up here. */
  proxiesAt(address: string): Trunk[] {
    return this.#current.proxies.filter(isAt(address)).map(({ trunk }) => trunk);
  }

  /** Trunks of customers whose `inbound_ip` does not count, or not everywhere, and why. */
  *problems(): Generator<{ trunk: Trunk; problem: string }> {
    const operators = this.active().filter(({ customerId }) => customerId === null);
    for (const trunk of this.active()) {
      const network = trunk.customerId === null ? undefined : parseNetwork(trunk.inboundIp ?? '');
      if (!network) continue;
      const other = operators.find(({ inboundIp }) => parseNetwork(inboundIp ?? '')?.overlaps(network));
      if (this.#isTooWide(network)) yield { trunk, problem: `inbound_ip matches no call: ${this.#widest}` };
      else if (other) {
        const problem = `inbound_ip does not match where trunk ${other.id} of the operator does (${other.inboundIp})`;
        yield { trunk, problem };
      }
    }
  }

  get #current(): Sources {
    if (this.#version === this.#rows.version) return this.#sources;
    this.#version = this.#rows.version;
    const active = this.active();
    const counts = ({ network, trunk }: Source) => trunk.customerId === null || !this.#isTooWide(network);
    const inbound = sourcesOf(active, (trunk) => trunk.inboundIp).filter(counts);
    inbound.sort((one, other) => other.network.prefix - one.network.prefix);
    this.#sources = { inbound, proxies: sourcesOf(active, (trunk) => addressOf(trunk.proxy)) };
    return this.#sources;
  }

  #isTooWide({ prefix, version }: Network): boolean {
    return prefix < (version === 4 ? this.#prefixes.ipv4 : this.#prefixes.ipv6);
  }

  get #widest(): string {
    const { ipv4, ipv6 } = this.#prefixes;
    const settings = 'MINIVOICE_CUSTOMER_TRUNK_IPV4_PREFIX and MINIVOICE_CUSTOMER_TRUNK_IPV6_PREFIX';
    return `a customer's trunk has at most a /${ipv4} of IPv4 or a /${ipv6} of IPv6; the operator can allow more with ${settings}`;
  }

  /** @throws Failure `customer_not_found`, `gateway_name_exists`, `inbound_ip_exists`, `invalid_request`. */
  async create({ name, proxy, customerId = null, ...more }: NewTrunk): Promise<Trunk> {
    if (customerId !== null) {
      this.#making.requireCustomer(customerId);
      requireRoom(this.#rows.all(), customerId, MAX_TRUNKS);
    }
    const now = this.#making.clock.now();
    const id = this.#making.ids.next('trunk');
    const gatewayName = more.gatewayName || id;
    // What customers show over a trunk of their own is between them and their carrier.
    const callerIds = customerId === null ? ('owned' as const) : ('any' as const);
    const times = { createdAt: now, updatedAt: now };
    const bare = { id, customerId, name, proxy, ...defaults, callerIds, gatewayName, ...times };
    const row = changed<Trunk>(bare, { ...more, gatewayName });
    return this.#kept(this.#rows.put(this.#checked(row)));
  }

  /** @throws Failure `trunk_not_found`, and those of `create`. */
  async update(id: string, fields: Some<TrunkFields>): Promise<Trunk> {
    const updatedAt = this.#making.clock.now();
    return this.#kept(
      this.#rows.change(id, (row) =>
        this.#checked({ ...changed<Trunk>(existing(row), fields), updatedAt }, existing(row)),
      ),
    );
  }

  /** @throws Failure `trunk_not_found`. */
  async delete(id: string): Promise<void> {
    await this.#kept(this.#rows.change(id, (row) => void existing(row)));
  }

  async #kept<T>(change: Promise<T>): Promise<T> {
    const kept = await change;
    this.onChanged.emit();
    return kept;
  }

  /** @param before what has not changed since then is kept, though a newer rule may forbid it. */
  #checked(row: Trunk, before?: Trunk): Trunk {
    if (row.name.trim() === '') throw new Failure('invalid_request', 'name is required');
    if (row.country !== null && !isCountry(row.country)) {
      throw new Failure('invalid_request', 'country must be an ISO 3166-1 code, such as US');
    }
    if (row.proxy.trim() === '') throw new Failure('invalid_request', 'proxy is required');
    if (row.gatewayName !== before?.gatewayName) this.#checkGatewayName(row);
    if (row.inboundIp !== null && row.inboundIp !== before?.inboundIp)
      this.#checkInboundIp(row, row.inboundIp);
    return row;
  }

  /** A name is unique among a customer's trunks and the operator's; the operator may take any that is not its own. */
  #checkGatewayName({ id, customerId, gatewayName }: Trunk): void {
    for (const owner of new Set([customerId, null])) {
      const holder = this.#rows.holderOf(nameIn(owner, gatewayName));
      if (holder === undefined || holder === id) continue;
      throw new Failure('gateway_name_exists', 'gateway_name already exists');
    }
  }

  /** The same for blocks: of a customer's own, none is named twice; of the operator's, none is overlapped. */
  #checkInboundIp({ id, customerId }: Trunk, inboundIp: string): void {
    const network = parseNetwork(inboundIp);
    if (!network) throw new Failure('invalid_request', 'inbound_ip must be an address or a CIDR block');
    if (customerId !== null && this.#isTooWide(network)) {
      throw new Failure('invalid_request', `inbound_ip is too wide: ${this.#widest}`);
    }
    for (const other of this.#rows.claims()) {
      const theirs = other.id === id ? undefined : parseNetwork(other.inboundIp ?? '');
      if (!theirs) continue;
      if (other.customerId === customerId && isSame(network, theirs)) {
        throw new Failure('inbound_ip_exists', 'inbound_ip already exists');
      }
      if (customerId !== null && other.customerId === null && network.overlaps(theirs)) {
        throw new Failure('inbound_ip_exists', "inbound_ip overlaps that of one of the operator's trunks");
      }
    }
  }
}

const nameIn = (customerId: string | null, gatewayName: string): string =>
  `${customerId ?? ''} ${gatewayName}`;

const isSame = (one: Network, other: Network): boolean =>
  one.prefix === other.prefix && one.contains(other.address);

const isAt =
  (address: string) =>
  ({ network }: Source): boolean =>
    network.contains(address);

/** Of trunks that claim the same, the operator's alone, if there are any. */
export function operatorsFirst<T extends Pick<Trunk, 'customerId'>>(trunks: T[]): T[] {
  const operators = trunks.filter(({ customerId }) => customerId === null);
  return operators.length > 0 ? operators : trunks;
}

function existing(row: Trunk | undefined): Trunk {
  if (!row) throw new Failure('trunk_not_found', 'trunk not found');
  return row;
}

function sourcesOf(trunks: Trunk[], blockOf: (trunk: Trunk) => string | null | undefined): Source[] {
  return trunks.flatMap((trunk) => {
    const network = parseNetwork(blockOf(trunk) ?? '');
    return network ? [{ network, trunk }] : [];
  });
}
