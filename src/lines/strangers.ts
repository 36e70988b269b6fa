import type { Clock } from '../kit/index.ts';

/** So many refusals, each less than a minute after the one before, and an address is not answered any more. */
const PATIENCE = 10;
const FORGIVEN_MS = 60_000;
const SILENCE_MS = 10 * 60_000;
/** Addresses that are remembered: whoever has more than these at hand is not stopped by silence anyway. */
const CAPACITY = 10_000;

interface Record {
  refusals: number;
  /** Of the last refusal, by the monotonic clock. */
  at: number;
}

/** Those who knock at SIP and were refused. Scanners try thousands of names; silence tells them nothing. */
export class Strangers {
  /** Since the start: addresses that were silenced, and requests that were not answered. */
  readonly counts = { silenced: 0, ignored: 0 };
  #clock: Clock;
  /** In the order of their last refusal. */
  #records = new Map<string, Record>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes note of a refusal. @returns is it the last that this address is told of? */
  refused(address: string): boolean {
    const refusals = this.#current(address).refusals + 1;
    this.#records.delete(address);
    this.#records.set(address, { refusals, at: this.#clock.monotonic() });
    for (const oldest of this.#records.keys()) {
      if (this.#records.size <= CAPACITY) break;
      this.#records.delete(oldest);
    }
    if (refusals === PATIENCE) this.counts.silenced++;
    return refusals === PATIENCE;
  }

  /** Whether requests from there are not even answered. */
  isSilenced(address: string): boolean {
    return this.#current(address).refusals >= PATIENCE;
  }

  #current(address: string): Record {
    const record = this.#records.get(address);
    if (!record) return { refusals: 0, at: 0 };
    const lasting = record.refusals >= PATIENCE ? SILENCE_MS : FORGIVEN_MS;
    return this.#clock.monotonic() - record.at < lasting ? record : { refusals: 0, at: 0 };
  }
}
