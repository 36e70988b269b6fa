import { isIP } from 'node:net';
import { addressIdentity } from '../../contract/network-address.ts';
import { detach, explain, type Timer } from '../core/index.ts';
import { formatUri, locateAllAddresses, locateServers, parseUri, type UriParts } from '../sip/index.ts';
import { type RegisteringTrunk, Registrations, type RegistrationsParts } from './registrations.ts';
import { proxyOf } from './routes.ts';

/** A trunk with all that is to be kept up for it. */
export interface CarrierTrunk extends RegisteringTrunk {
  register: boolean;
}

export interface CarriersParts extends RegistrationsParts {
  /** The active ones, as they are now. */
  trunks(): readonly CarrierTrunk[];
}

/** How often the names of proxies are looked up. */
const LOOKUP_MS = 5 * 60_000;
/** For this long after a carrier's name has resolved to an address, calls to it must be billed to the trunk. */
const REMEMBERED_MS = 24 * 3_600_000;

/** What is kept up between us and the carriers: registrations, and the addresses that they call from. */
export class Carriers {
  #parts: CarriersParts;
  #registrations: Registrations;
  /** Of proxies given by name: the hosts that their URIs have led to, and when last, by the monotonic clock. */
  #seen = new Map<string, Map<string, number>>();
  /** Hosts that the same names lead to over other transports, or without their SRV records. */
  #around = new Map<string, readonly string[]>();
  /** The same, by the host: names that lead there now, and names that have led there. */
  #now = new Map<string, Set<string>>();
  #ever = new Map<string, Set<string>>();
  #timer: Timer | undefined;
  /** The look for names that were not looked up before; the first one is still to come. */
  #first = Promise.withResolvers<void>();
  #asking = this.#first.promise;
  #closed = false;

  constructor(parts: CarriersParts) {
    this.#parts = parts;
    this.#registrations = new Registrations(parts);
  }

  /** Takes note of the trunks as they are now: call it at the start and after each change. */
  refresh(): void {
    if (this.#closed) return;
    this.#registrations.want(this.#parts.trunks().filter(({ register }) => register));
    const isNew = [...this.#names()].some((name) => !this.#seen.has(name));
    const looked = this.#lookUp().finally(this.#first.resolve);
    if (isNew) this.#asking = looked.catch(() => {});
    detach('lines.carriers', looked);
  }

  /** Resolves when every trunk's proxy was looked up once, whether or not it was found. */
  known(): Promise<void> {
    return this.#asking;
  }

  /** The active trunks whose proxy, given by name, is at this address. */
  at(address: string): CarrierTrunk[] {
    return this.#with(this.#now.get(addressIdentity(address)));
  }

  /**
   * The active trunks that a place may belong to: their proxy has this name, or was at the address within a day,
   * or would be over another transport.
   */
  maybe({ name, address }: { name: string; address: string }): CarrierTrunk[] {
    const known = this.#with(this.#ever.get(addressIdentity(address)));
    return [...known, ...this.#parts.trunks().filter((trunk) => hostOf(trunk) === name.toLowerCase())];
  }

  #with(names: Set<string> | undefined): CarrierTrunk[] {
    return names ? this.#parts.trunks().filter((trunk) => names.has(nameOf(trunk) ?? '')) : [];
  }

  /** Undefined: the trunk is not one to be registered with. */
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
    for (const name of this.#seen.keys()) if (!names.has(name)) this.#forget(name);
    await Promise.all([...names].map((name) => this.#ask(name)));
    this.#index();
  }

  /** While the name service is silent, what was known stays known. */
  async #ask(name: string): Promise<void> {
    const now = this.#parts.clock.monotonic();
    const seen = this.#seen.get(name) ?? new Map<string, number>();
    this.#seen.set(name, seen);
    const uri = parseUri(name);
    const around = locateAllAddresses(uri, this.#parts);
    try {
      for (const { address } of await locateServers(uri, this.#parts))
        seen.set(addressIdentity(address), now);
      for (const [host, at] of seen) if (now - at > REMEMBERED_MS) seen.delete(host);
    } catch (error) {
      this.#parts.log.warn({ proxy: name, error: explain(error) }, "a trunk's proxy cannot be found");
    }
    const hosts = await around;
    if (hosts.length > 0) this.#around.set(name, hosts.map(addressIdentity));
  }

  #forget(name: string): void {
    this.#seen.delete(name);
    this.#around.delete(name);
  }

  #index(): void {
    this.#now = new Map();
    this.#ever = new Map();
    const add = (index: Map<string, Set<string>>, host: string, name: string) =>
      index.set(host, (index.get(host) ?? new Set()).add(name));
    for (const [name, hosts] of this.#around) for (const host of hosts) add(this.#ever, host, name);
    for (const [name, hosts] of this.#seen) {
      const latest = Math.max(...hosts.values());
      for (const [host, at] of hosts) {
        add(this.#ever, host, name);
        if (at === latest) add(this.#now, host, name);
      }
    }
  }

  #names(): Set<string> {
    const named = this.#parts.trunks().filter((trunk) => !isIP(hostOf(trunk) ?? '0.0.0.0'));
    return new Set(named.flatMap((trunk) => nameOf(trunk) ?? []));
  }
}

/** Where a trunk leads. A proxy that is no URI leads nowhere, and must not keep the other trunks from working. */
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
