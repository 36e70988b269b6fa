import type { Page, PageRequest } from '../calls/index.ts';
import { Failure, Signal } from '../kit/index.ts';
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

const defaults: Omit<TrunkFields, 'name' | 'proxy' | 'gatewayName'> = {
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
};

/** A block of addresses that calls of a trunk come from. */
interface Source {
  network: Network;
  trunk: Trunk;
}

/** The ways to and from the telephone network. */
export class Trunks {
  /** Told after each change, when it is kept. */
  readonly onChanged = new Signal<void>();
  #making: Making;
  #rows: Shelf<Trunk>;
  /** The most specific first, as of a version of the rows. */
  #sources: Source[] = [];
  #version = -1;

  /** @param store saves trunks as they are handed to it: passwords are sealed before. */
  constructor(rows: Trunk[], store: DirectoryStore, making: Making) {
    this.#making = making;
    this.#rows = new Shelf(rows, (row) => row.gatewayName, {
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

  /** All active trunks that say that this is their address, the one with the smallest block first. */
  at(address: string): Trunk[] {
    return this.#sourcesAt(address).map(({ trunk }) => trunk);
  }

  /**
   * Whether what is done in the name of this address must not harm it: it is one of the operator's trunks, or of
   * few addresses that a customer has named. The whole internet is no customer's.
   */
  isAssured(address: string): boolean {
    return this.#sourcesAt(address).some(({ trunk, network }) => trunk.customerId === null || network.narrow);
  }

  #sourcesAt(address: string): Source[] {
    if (this.#version !== this.#rows.version) {
      this.#version = this.#rows.version;
      this.#sources = sourcesOf(this.active());
    }
    return this.#sources.filter(({ network }) => network.contains(address));
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
    const bare = { id, customerId, name, proxy, ...defaults, gatewayName, createdAt: now, updatedAt: now };
    return this.#kept(this.#rows.put(this.#checked(changed<Trunk>(bare, { ...more, gatewayName }))));
  }

  /** @throws Failure `trunk_not_found`, and those of `create`. */
  async update(id: string, fields: Some<TrunkFields>): Promise<Trunk> {
    const updatedAt = this.#making.clock.now();
    return this.#kept(
      this.#rows.change(id, (row) => this.#checked({ ...changed<Trunk>(existing(row), fields), updatedAt })),
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

  #checked(row: Trunk): Trunk {
    if (row.name.trim() === '') throw new Failure('invalid_request', 'name is required');
    if (row.country !== null && !isCountry(row.country)) {
      throw new Failure('invalid_request', 'country must be an ISO 3166-1 code, such as US');
    }
    if (row.proxy.trim() === '') throw new Failure('invalid_request', 'proxy is required');
    const holder = this.#rows.holderOf(row.gatewayName);
    if (holder !== undefined && holder !== row.id) {
      throw new Failure('gateway_name_exists', 'gateway_name already exists');
    }
    if (row.inboundIp !== null) this.#checkInboundIp(row.id, row.inboundIp);
    return row;
  }

  #checkInboundIp(id: string, inboundIp: string): void {
    if (!parseNetwork(inboundIp)) {
      throw new Failure('invalid_request', 'inbound_ip must be an address or a CIDR block');
    }
    for (const other of this.#rows.claims()) {
      if (other.id === id || other.inboundIp !== inboundIp) continue;
      throw new Failure('inbound_ip_exists', 'inbound_ip already exists');
    }
  }
}

function existing(row: Trunk | undefined): Trunk {
  if (!row) throw new Failure('trunk_not_found', 'trunk not found');
  return row;
}

function sourcesOf(trunks: Trunk[]): Source[] {
  const from = (text: (trunk: Trunk) => string | null | undefined) =>
    trunks.flatMap((trunk) => {
      const network = parseNetwork(text(trunk) ?? '');
      return network ? [{ network, trunk }] : [];
    });
  const inbound = from((trunk) => trunk.inboundIp).sort((a, b) => b.network.prefix - a.network.prefix);
  return [...inbound, ...from((trunk) => addressOf(trunk.proxy))];
}
