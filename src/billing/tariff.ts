import { Failure, type Micros } from '../core/index.ts';
import type { Rate, RateTerms } from './store.ts';

/** What identifies the rate for a destination. */
type RateKey = Pick<Rate, 'customerId' | 'currency' | 'prefix'>;

/** All rates, in memory: they are looked up at every call. */
export class Tariff {
  #rates = new Map<string, Rate>();
  /** Keys of damaged rates. */
  #unusable = new Set<string>();
  #longest = 0;

  /** @param unusable damaged rates. Calls to their destinations fail until the rates are set again, or removed. */
  constructor(rates: Iterable<Rate>, unusable: Iterable<RateKey> = []) {
    for (const rate of rates) this.put(rate);
    for (const { customerId, currency, prefix } of unusable) {
      this.#unusable.add(keyOf(customerId, currency, prefix));
      this.#longest = Math.max(this.#longest, prefix.length);
    }
  }

  /** Adds a rate. It replaces the one with the same customer, currency and prefix. */
  put(rate: Rate): void {
    const key = keyOf(rate.customerId, rate.currency, rate.prefix);
    this.#unusable.delete(key);
    this.#rates.set(key, rate);
    this.#longest = Math.max(this.#longest, rate.prefix.length);
  }

  /** Returns the rate with exactly this prefix. */
  at({ customerId, currency, prefix }: RateKey): Rate | undefined {
    return this.#rates.get(keyOf(customerId, currency, prefix));
  }

  get(id: string): Rate | undefined {
    return [...this.#rates.values()].find((rate) => rate.id === id);
  }

  remove({ customerId, currency, prefix }: Rate): void {
    this.#rates.delete(keyOf(customerId, currency, prefix));
  }

  /**
   * Returns the rate of a call to this destination: the one with the longest prefix. Of two rates with the same prefix,
   * the customer's own rate has precedence over the general one. Fails with `stored_row_unusable`.
   */
  find(customerId: string, currency: string, destination: string): Rate | undefined {
    const dialed = normalPrefix(destination);
    for (let length = Math.min(this.#longest, dialed.length); length > 0; length -= 1) {
      const prefix = dialed.slice(0, length);
      this.#requireUsable(customerId, currency, prefix);
      const rate =
        this.at({ customerId, currency, prefix }) ?? this.at({ customerId: null, currency, prefix });
      if (rate) return rate;
    }
    return undefined;
  }

  /** A cheaper rate with a shorter prefix must not replace a damaged one. */
  #requireUsable(customerId: string, currency: string, prefix: string): void {
    if (this.#unusable.size === 0) return;
    const keys = [keyOf(customerId, currency, prefix), keyOf(null, currency, prefix)];
    if (!keys.some((key) => this.#unusable.has(key))) return;
    throw new Failure('stored_row_unusable', `the rate for ${prefix} is damaged: it must be set again`);
  }
}

/** Treats `sips:` as `sip:`, and schemes without regard to case (RFC 3261 §19.1.1). */
export const normalPrefix = (text: string): string => text.replace(/^sips?:/i, 'sip:');

/** Whether a destination is a SIP URI: it needs no rate, and is free without one. */
export const isSipUri = (destination: string): boolean => /^sips?:/i.test(destination);

/** Returns the charged seconds of a leg of this duration: whole increments, at least the first one. */
export function billedSeconds({ firstIncrement, furtherIncrement }: RateTerms, ms: number): number {
  const further = Math.max(0, Math.ceil(ms / 1000) - firstIncrement);
  return firstIncrement + Math.ceil(further / furtherIncrement) * furtherIncrement;
}

/** Returns the price of this many seconds, rounded up to a millionth. */
export function priceOf({ pricePerMinute }: RateTerms, seconds: number): Micros {
  // The product can exceed the safe integers where the price does not.
  return Number((BigInt(pricePerMinute) * BigInt(seconds) + 59n) / 60n);
}

const keyOf = (customerId: string | null, currency: string, prefix: string): string =>
  `${customerId ?? ''} ${currency} ${prefix}`;
