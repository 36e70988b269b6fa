import { isIP } from 'node:net';
import { addressIdentity } from '../../contract/network-address.ts';
import { detach, explain, type Timer } from '../core/index.ts';
import { formatUri, locateAllAddresses, locateServers, parseUri, type UriParts } from '../sip/index.ts';
import { proxyOf } from './outbound-routes.ts';
import { type RegisteringTrunk, Registrations, type RegistrationsParts } from './registrations.ts';

/** A trunk with a carrier. */
export interface CarrierTrunk extends RegisteringTrunk {
  register: boolean;
}

export interface CarriersParts extends RegistrationsParts {
  /** The trunks that are active now. */
  trunks(): readonly CarrierTrunk[];
}

/** How often the host names of proxies are resolved. */
const LOOKUP_MS = 5 * 60_000;
/** For this long after a carrier's name has resolved to an address, calls to it must be charged to the trunk. */
const REMEMBERED_MS = 24 * 3_600_000;

/** Maintains our registrations with carriers, and the addresses that their names resolve to. */
export class Carriers {
  #parts: CarriersParts;
  #registrations: Registrations;
  /** For each proxy given by name: the addresses that it resolved to, with the last monotonic time. */
  #resolved = new Map<string, Map<string, number>>();
  /** Addresses of the same names over other transports, or without their SRV records. */
  #alternatives = new Map<string, readonly string[]>();
  /** The names by address: those that resolve to it now, and those that did within a day. */
  #now = new Map<string, Set<string>>();
  #lately = new Map<string, Set<string>>();
  #timer: Timer | undefined;
  /** The lookup of names that have not been resolved before. The first lookup has not started yet. */
  #first = Promise.withResolvers<void>();
  #newLookup = this.#first.promise;
  #closed = false;

  constructor(parts: CarriersParts) {
    this.#parts = parts;
    this.#registrations = new Registrations(parts);
  }

  /** Registers and resolves the current trunks. Call it at the start and after each change. */
  refresh(): void {
    if (this.#closed) return;
    this.#registrations.setTrunks(this.#parts.trunks().filter(({ register }) => register));
    const isNew = [...this.#names()].some((name) => !this.#resolved.has(name));
    const looked = this.#lookUp().finally(this.#first.resolve);
    if (isNew) this.#newLookup = looked.catch(() => {});
    detach('telephony.carriers', looked);
  }

  /** Resolves when every trunk's proxy has been looked up once, with or without success. */
  known(): Promise<void> {
    return this.#newLookup;
  }

  /** The active trunks whose proxy name resolves to this address now. */
  at(address: string): CarrierTrunk[] {
    return this.#with(this.#now.get(addressIdentity(address)));
  }

  /**
   * The active trunks that a host may belong to. Their proxy has this name, or resolved to this address within a day,
   * or resolves to it over another transport.
   */
  candidates({ name, address }: { name: string; address: string }): CarrierTrunk[] {
    const known = this.#with(this.#lately.get(addressIdentity(address)));
    return [...known, ...this.#parts.trunks().filter((trunk) => hostOf(trunk) === name.toLowerCase())];
  }

  #with(names: Set<string> | undefined): CarrierTrunk[] {
    return names ? this.#parts.trunks().filter((trunk) => names.has(nameOf(trunk) ?? '')) : [];
  }

  /** Undefined: we do not register with the trunk. */
  registered(id: string): boolean | undefined {
    return this.#registrations.registered(id);
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#first.resolve();
    this.#timer?.cancel();
    return this.#registrations.close();
  }

  async #lookUp(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.after(LOOKUP_MS, () => this.#lookUp());
    const names = this.#names();
    for (const name of this.#resolved.keys()) if (!names.has(name)) this.#forget(name);
    await Promise.all([...names].map((name) => this.#resolve(name)));
    this.#index();
  }

  /** Keeps the known addresses while DNS does not answer. */
  async #resolve(name: string): Promise<void> {
    const now = this.#parts.clock.monotonic();
    const addresses = this.#resolved.get(name) ?? new Map<string, number>();
    this.#resolved.set(name, addresses);
    const uri = parseUri(name);
    const alternatives = locateAllAddresses(uri, this.#parts);
    try {
      for (const { address } of await locateServers(uri, this.#parts))
        addresses.set(addressIdentity(address), now);
      for (const [address, at] of addresses) if (now - at > REMEMBERED_MS) addresses.delete(address);
    } catch (error) {
      this.#parts.log.warn({ proxy: name, error: explain(error) }, "a trunk's proxy cannot be resolved");
    }
    const hosts = await alternatives;
    if (hosts.length > 0) this.#alternatives.set(name, hosts.map(addressIdentity));
  }

  #forget(name: string): void {
    this.#resolved.delete(name);
    this.#alternatives.delete(name);
  }

  #index(): void {
    this.#now = new Map();
    this.#lately = new Map();
    const add = (index: Map<string, Set<string>>, host: string, name: string) =>
      index.set(host, (index.get(host) ?? new Set()).add(name));
    for (const [name, hosts] of this.#alternatives) for (const host of hosts) add(this.#lately, host, name);
    for (const [name, hosts] of this.#resolved) {
      const latest = Math.max(...hosts.values());
      for (const [host, at] of hosts) {
        add(this.#lately, host, name);
        if (at === latest) add(this.#now, host, name);
      }
    }
  }

  #names(): Set<string> {
    const named = this.#parts.trunks().filter((trunk) => !isIP(hostOf(trunk) ?? '0.0.0.0'));
    return new Set(named.flatMap((trunk) => nameOf(trunk) ?? []));
  }
}

/** The URI of a trunk's proxy. Undefined for a proxy that is not valid: it must not affect other trunks. */
function proxyUri(trunk: CarrierTrunk): UriParts | undefined {
  try {
    return proxyOf(trunk);
  } catch {
    return undefined;
  }
}

function nameOf(trunk: CarrierTrunk): string | undefined {
  const uri = proxyUri(trunk);
  return uri && formatUri(uri);
}

const hostOf = (trunk: CarrierTrunk): string | undefined =>
  proxyUri(trunk)?.host.toLowerCase().replace(/\.$/, '');
