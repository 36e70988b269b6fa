import type { Carriers } from './carriers.ts';
import type { CallingTrunk } from './ingress/identify.ts';

/** The configured trunks by address. Proxies given by name are not included: `Carriers` looks those up. */
export interface ConfiguredTrunks {
  /** The active trunks that calls from an address belong to, the most specific first. */
  at(address: string): readonly CallingTrunk[];
  /** The active trunks whose proxy is at an address. */
  proxiesAt(address: string): readonly CallingTrunk[];
}

/** Finds the trunks that an address or a host name belongs to, and their owners. */
export class TrunkAddresses {
  #configured: ConfiguredTrunks;
  #carriers: () => Pick<Carriers, 'at' | 'candidates'>;

  constructor(configured: ConfiguredTrunks, carriers: () => Pick<Carriers, 'at' | 'candidates'>) {
    this.#configured = configured;
    this.#carriers = carriers;
  }

  /** The trunks that call from an address. An operator's trunk hides those of customers. */
  at(address: string): readonly CallingTrunk[] {
    const trunks = [...this.#configured.at(address), ...this.#carriers().at(address)];
    const operators = trunks.filter(({ customerId }) => customerId === null);
    return operators.length > 0 ? operators : trunks;
  }

  /**
   * Whether a host belongs to a trunk of another party, which would be charged for a customer's direct calls to it.
   * Only the operator's addresses and proxies count: a customer's `inbound_ip` proves nothing.
   */
  isForeign(host: { name: string; address: string }, customerId: string): boolean {
    const operators = this.#configured.at(host.address).filter((trunk) => trunk.customerId === null);
    const proxies = [...this.#carriers().candidates(host), ...this.#configured.proxiesAt(host.address)];
    const owners = [...operators, ...proxies].map((trunk) => trunk.customerId);
    return owners.includes(null) || (owners.length > 0 && !owners.includes(customerId));
  }
}
