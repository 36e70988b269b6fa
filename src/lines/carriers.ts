import { isIP } from 'node:net';
import { detach, explain, type Timer } from '../kit/index.ts';
import { formatUri } from '../sip/index.ts';
import { addressesOf } from './locator.ts';
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

/** How long the addresses behind a name are taken for known. */
const LOOKUP_MS = 5 * 60_000;

/** What is kept up between us and the carriers: registrations, and the addresses that they call from. */
export class Carriers {
  #parts: CarriersParts;
  #registrations: Registrations;
  /** Of proxies given by name: the addresses behind their URIs. */
  #addresses = new Map<string, readonly string[]>();
  #timer: Timer | undefined;
  #closed = false;

  constructor(parts: CarriersParts) {
    this.#parts = parts;
    this.#registrations = new Registrations(parts);
  }

  /** Takes note of the trunks as they are now: call it at the start and after each change. */
  refresh(): void {
    if (this.#closed) return;
    this.#registrations.want(this.#parts.trunks().filter(({ register }) => register));
    detach('lines.carriers', this.#lookUp());
  }

  /** The active trunks whose proxy, given by name, is at this address. */
  at(address: string): CarrierTrunk[] {
    const names = [...this.#addresses].filter(([, known]) => known.includes(address)).map(([name]) => name);
    return names.length > 0 ? this.#parts.trunks().filter((trunk) => names.includes(nameOf(trunk))) : [];
  }

  /** Undefined: the trunk is not one to be registered with. */
  registered(id: string): boolean | undefined {
    return this.#registrations.registered(id);
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    return this.#registrations.close();
  }

  async #lookUp(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.after(LOOKUP_MS, () => this.#lookUp());
    const names = this.#names();
    for (const name of this.#addresses.keys()) if (!names.has(name)) this.#addresses.delete(name);
    await Promise.all([...names].map((name) => this.#ask(name)));
  }

  /** While the name service is silent, what was known stays known. */
  async #ask(name: string): Promise<void> {
    try {
      this.#addresses.set(name, await addressesOf(name, this.#parts));
    } catch (error) {
      this.#parts.log.warn({ proxy: name, error: explain(error) }, "a trunk's proxy cannot be found");
    }
  }

  #names(): Set<string> {
    const named = this.#parts.trunks().filter((trunk) => !isIP(proxyOf(trunk).host));
    return new Set(named.map(nameOf));
  }
}

const nameOf = (trunk: CarrierTrunk): string => formatUri(proxyOf(trunk));
