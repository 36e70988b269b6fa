import type { Clock } from '../kit/index.ts';
import type { Hop } from '../sip/index.ts';

/** One place where a phone can be called, until it expires (RFC 3261 §10). */
export interface Binding {
  /** Its Contact: what the Request-URI of a call says. */
  uri: string;
  /** Where it registered from: calls go back over the same connection. */
  hop: Hop;
  /** RFC 3327: proxies that calls have to go through. */
  path: readonly string[];
  /** Of the REGISTER that made it. */
  callId: string;
  cseq: number;
  /** By the monotonic clock, in ms. */
  expiresAt: number;
}

/** Where phones are now: lost with the process, for phones soon say it again. */
export class Bindings {
  #clock: Clock;
  #byPhone = new Map<string, Map<string, Binding>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Those that have not expired, the newest first. */
  of(username: string): Binding[] {
    const all = this.#byPhone.get(username);
    if (!all) return [];
    for (const each of all.values()) if (each.expiresAt <= this.#clock.monotonic()) all.delete(each.uri);
    if (all.size === 0) this.#byPhone.delete(username);
    return [...all.values()].reverse();
  }

  /** Whether a phone has registered from this address. */
  isAt(address: string): boolean {
    return [...this.#byPhone.keys()].some((username) =>
      this.of(username).some(({ hop }) => hop.address === address),
    );
  }

  put(username: string, binding: Binding): void {
    const all = this.#byPhone.get(username) ?? new Map<string, Binding>();
    this.#byPhone.set(username, all);
    all.delete(binding.uri);
    all.set(binding.uri, binding);
  }

  remove(username: string, uri?: string): void {
    if (uri === undefined) this.#byPhone.delete(username);
    else this.#byPhone.get(username)?.delete(uri);
  }
}
