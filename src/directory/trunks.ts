import { parseNetwork } from '../../contract/network-address.ts';
import type { Page, PageRequest } from '../calls/index.ts';
import { Failure, Signal } from '../core/index.ts';
import { isCountry } from './countries.ts';
import { type Changes, type DirectoryDeps, requireBelowLimit, withChanges } from './records.ts';
import type { DirectoryStore, Trunk } from './store.ts';
import {
  type CustomerPrefixes,
  inboundIpProblems,
  isSameNetwork,
  isTooWide,
  TrunkSources,
  widestOf,
} from './trunk-sources.ts';
import { WriteThroughTable } from './write-through-table.ts';

/** The fields of a trunk that can be set. */
export type TrunkFields = Omit<Trunk, 'id' | 'customerId' | 'createdAt' | 'updatedAt'>;

export type NewTrunk = Pick<Trunk, 'name' | 'proxy'> & Changes<TrunkFields & Pick<Trunk, 'customerId'>>;

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

const CUSTOMER_PREFIXES: CustomerPrefixes = { ipv4: 24, ipv6: 64 };

/** The SIP trunks to and from the telephone network. */
export class Trunks {
  /** Emitted after each stored change. */
  readonly onChanged = new Signal<void>();
  #deps: DirectoryDeps;
  #rows: WriteThroughTable<Trunk>;
  #prefixes: CustomerPrefixes;
  /** Built from the rows of `#version`. */
  #sources: TrunkSources;
  #version: number;

  /** @param store receives trunks with plain passwords, and must seal them. */
  constructor(rows: Trunk[], store: DirectoryStore, deps: DirectoryDeps, prefixes = CUSTOMER_PREFIXES) {
    this.#deps = deps;
    this.#prefixes = prefixes;
    this.#rows = new WriteThroughTable(rows, (row) => nameIn(row.customerId, row.gatewayName), {
      save: (row) => store.saveTrunk(row),
      delete: (id) => store.deleteTrunk(id),
    });
    this.#version = this.#rows.version;
    this.#sources = new TrunkSources(this.active(), prefixes);
  }

  get(id: string): Trunk | undefined {
    return this.#rows.get(id);
  }

  /** Lists a customer's own trunks and those for every customer, or every trunk; newest first. */
  list(filter: { customerId?: string | undefined }, page: PageRequest): Page<Trunk> {
    const { customerId } = filter;
    const wanted = (row: Trunk) =>
      customerId === undefined || row.customerId === null || row.customerId === customerId;
    return this.#rows.page(wanted, page);
  }

  /** Returns all active trunks. */
  active(): Trunk[] {
    return [...this.#rows.all()].filter((row) => row.isActive);
  }

  /** Returns the active trunks that may carry the customer's calls. Its own come before those for everyone. */
  outbound(customerId: string): Trunk[] {
    const active = this.active();
    const own = active.filter((row) => row.customerId === customerId);
    return [...own, ...active.filter((row) => row.customerId === null)];
  }

  /**
   * Returns the trunk that calls from this address belong to. It is the active trunk with the smallest block around it
   * in `inboundIp`, else the one whose proxy has this address. Proxies given by name are not resolved here.
   */
  from(address: string): Trunk | undefined {
    return this.at(address)[0];
  }

  /**
   * Returns all active trunks that calls from this address may belong to, the smallest block first. An address of one
   * of the operator's trunks never belongs to a customer's trunk.
   */
  at(address: string): Trunk[] {
    return this.#current.at(address);
  }

  /** Returns the active trunks whose proxy has this address. Proxies given by name are not resolved here. */
  proxiesAt(address: string): Trunk[] {
    return this.#current.proxiesAt(address);
  }

  /** Lists trunks of customers whose `inbound_ip` is ignored, wholly or in part, and why. */
  problems(): Iterable<{ trunk: Trunk; problem: string }> {
    return inboundIpProblems(this.active(), this.#prefixes);
  }

  get #current(): TrunkSources {
    if (this.#version === this.#rows.version) return this.#sources;
    this.#version = this.#rows.version;
    this.#sources = new TrunkSources(this.active(), this.#prefixes);
    return this.#sources;
  }

  /** @throws Failure `customer_not_found`, `gateway_name_exists`, `inbound_ip_exists`, `invalid_request`. */
  async create({ name, proxy, customerId = null, ...more }: NewTrunk): Promise<Trunk> {
    if (customerId !== null) {
      this.#deps.requireCustomer(customerId);
      requireBelowLimit(this.#rows.all(), customerId, MAX_TRUNKS);
    }
    const now = this.#deps.clock.now();
    const id = this.#deps.ids.next('trunk');
    const gatewayName = more.gatewayName || id;
    // On their own trunk, customers settle with their carrier which caller IDs they may show.
    const callerIds = customerId === null ? ('owned' as const) : ('any' as const);
    const times = { createdAt: now, updatedAt: now };
    const bare = { id, customerId, name, proxy, ...defaults, callerIds, gatewayName, ...times };
    const row = withChanges<Trunk>(bare, { ...more, gatewayName });
    return this.#announced(this.#rows.put(this.#checked(row)));
  }

  /** @throws Failure `trunk_not_found`, and those of `create`. */
  async update(id: string, fields: Changes<TrunkFields>): Promise<Trunk> {
    const updatedAt = this.#deps.clock.now();
    return this.#announced(
      this.#rows.change(id, (row) =>
        this.#checked({ ...withChanges<Trunk>(existing(row), fields), updatedAt }, existing(row)),
      ),
    );
  }

  /** @throws Failure `trunk_not_found`. */
  async delete(id: string): Promise<void> {
    await this.#announced(this.#rows.change(id, (row) => void existing(row)));
  }

  async #announced<T>(change: Promise<T>): Promise<T> {
    const stored = await change;
    this.onChanged.emit();
    return stored;
  }

  /** @param before the stored row: its unchanged values stay valid, even if a newer rule forbids them. */
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

  /** A customer's name must differ from its own and the operator's, the operator's only from its own. */
  #checkGatewayName({ id, customerId, gatewayName }: Trunk): void {
    for (const owner of new Set([customerId, null])) {
      const holder = this.#rows.holderOf(nameIn(owner, gatewayName));
      if (holder === undefined || holder === id) continue;
      throw new Failure('gateway_name_exists', 'gateway_name already exists');
    }
  }

  /** A block must differ from the owner's other blocks; a customer's must not overlap the operator's. */
  #checkInboundIp({ id, customerId }: Trunk, inboundIp: string): void {
    const network = parseNetwork(inboundIp);
    if (!network) throw new Failure('invalid_request', 'inbound_ip must be an address or a CIDR block');
    if (customerId !== null && isTooWide(network, this.#prefixes)) {
      throw new Failure('invalid_request', `inbound_ip is too wide: ${widestOf(this.#prefixes)}`);
    }
    for (const other of this.#rows.claims()) {
      const theirs = other.id === id ? undefined : parseNetwork(other.inboundIp ?? '');
      if (!theirs) continue;
      if (other.customerId === customerId && isSameNetwork(network, theirs)) {
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

function existing(row: Trunk | undefined): Trunk {
  if (!row) throw new Failure('trunk_not_found', 'trunk not found');
  return row;
}
