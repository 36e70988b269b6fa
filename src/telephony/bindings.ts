import type { Clock } from '../core/index.ts';
import type { Hop } from '../sip/index.ts';

/** One place where a phone can be called, until it expires (RFC 3261 §10). */
export interface Binding {
  /** The id of the phone that registered, for a deleted name can be given to another phone. */
  phoneId: string;
  /** Its Contact: what the Request-URI of a call says. */
  uri: string;
  /** Where it registered from: calls go back over the same connection. */
  hop: Hop;
  /** RFC 3327: proxies that calls have to go through. */
  path: readonly string[];
  /** Of the REGISTER that made it. */
  callId: string;
  cseq: number;
  /** When that was, in ms since 1970. */
  registeredAt: number;
  /** By the monotonic clock, in ms. */
  expiresAt: number;
}

/** Where phones are now: lost with the process, for phones soon say it again. */
export class Bindings {
  #clock: Clock;
  #byPhone = new Map<string, Map<string, Binding>>();
  /** The phones that have a binding from an address, for the door asks for it at every knock. */
  #byAddress = new Map<string, Set<string>>();

  #phoneId: (username: string) => string | undefined;

  /** @param phoneId the id of the phone that has this name now; undefined: none has. */
  constructor(clock: Clock, phoneId: (username: string) => string | undefined) {
    this.#clock = clock;
    this.#phoneId = phoneId;
  }

  /** Those of the phone that has this name now which have not expired, the newest first. */
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
