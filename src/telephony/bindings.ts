import type { Clock } from '../core/index.ts';
import type { Hop } from '../sip/index.ts';

/** An address where a phone can be called until it expires (RFC 3261 §10). */
export interface Binding {
  /** The id of the phone that registered. A new phone may have the name of a deleted one. */
  phoneId: string;
  /** The Contact, which becomes the Request-URI of a call. */
  uri: string;
  /** The source of the REGISTER. Calls go back over the same connection. */
  hop: Hop;
  /** The proxies that calls go through (RFC 3327). */
  path: readonly string[];
  /** The Call-ID of the REGISTER that made the binding. */
  callId: string;
  cseq: number;
  /** The time of the last REGISTER, in ms since 1970. */
  registeredAt: number;
  /** Monotonic time in ms. */
  expiresAt: number;
}

/** Keeps the bindings of phones in memory. After a restart, phones register again when they refresh. */
export class Bindings {
  #clock: Clock;
  #byPhone = new Map<string, Map<string, Binding>>();
  /** The phones that have a binding from an address. Every inbound request looks it up. */
  #byAddress = new Map<string, Set<string>>();

  #phoneId: (username: string) => string | undefined;

  /** @param phoneId finds the id of the phone that has a name now; undefined: no phone has it. */
  constructor(clock: Clock, phoneId: (username: string) => string | undefined) {
    this.#clock = clock;
    this.#phoneId = phoneId;
  }

  /** The valid bindings of the phone that has this name now, the newest first. */
  of(username: string): Binding[] {
    const all = this.#byPhone.get(username);
    if (!all) return [];
    const phoneId = this.#phoneId(username);
    const now = this.#clock.monotonic();
    for (const each of all.values())
      if (each.expiresAt <= now || each.phoneId !== phoneId) this.#drop(username, all, each);
    return [...all.values()].reverse();
  }

  /** Whether a phone has registered from this address. */
  isAt(address: string): boolean {
    const phones = [...(this.#byAddress.get(address) ?? [])];
    return phones.some((username) => this.of(username).some(({ hop }) => hop.address === address));
  }

  put(username: string, binding: Binding): void {
    this.remove(username, binding.uri);
    const all = this.#byPhone.get(username) ?? new Map<string, Binding>();
    this.#byPhone.set(username, all);
    all.set(binding.uri, binding);
    const { address } = binding.hop;
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? new Set()).add(username));
  }

  remove(username: string, uri?: string): void {
    const all = this.#byPhone.get(username) ?? new Map<string, Binding>();
    for (const each of all.values())
      if (uri === undefined || uri === each.uri) this.#drop(username, all, each);
  }

  #drop(username: string, all: Map<string, Binding>, { uri, hop: { address } }: Binding): void {
    all.delete(uri);
    if (all.size === 0) this.#byPhone.delete(username);
    if ([...all.values()].some(({ hop }) => hop.address === address)) return;
    const phones = this.#byAddress.get(address);
    phones?.delete(username);
    if (phones?.size === 0) this.#byAddress.delete(address);
  }
}
