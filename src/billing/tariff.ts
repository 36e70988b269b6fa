import { Failure } from '../core/index.ts';
import type { Rate } from './store.ts';

/** What a rate is for. */
type Place = Pick<Rate, 'customerId' | 'currency' | 'prefix'>;

/** All rates, to be asked at every call. */
export class Tariff {
  #rates = new Map<string, Rate>();
  /** Keys of damaged rates. */
  #unusable = new Set<string>();
  #longest = 0;

  /** @param unusable damaged rates: what they were for cannot be called until they are set again, or removed. */
  constructor(rates: Iterable<Rate>, unusable: Iterable<Place> = []) {
    for (const rate of rates) this.put(rate);
    for (const { customerId, currency, prefix } of unusable) {
      this.#unusable.add(keyOf(customerId, currency, prefix));
      this.#longest = Math.max(this.#longest, prefix.length);
    }
  }

  /** Takes the place of the rate that has the same customer, currency and prefix. */
  put(rate: Rate): void {
    const key = keyOf(rate.customerId, rate.currency, rate.prefix);
    this.#unusable.delete(key);
    this.#rates.set(key, rate);
    this.#longest = Math.max(this.#longest, rate.prefix.length);
  }

  /** The rate with exactly this prefix. */
  at({ customerId, currency, prefix }: Place): Rate | undefined {
    return this.#rates.get(keyOf(customerId, currency, prefix));
  }

  get(id: string): Rate | undefined {
    return [...this.#rates.values()].find((rate) => rate.id === id);
  }

  remove({ customerId, currency, prefix }: Rate): void {
    this.#rates.delete(keyOf(customerId, currency, prefix));
  }

  /**
   * What a call to this destination costs the customer: the longest prefix counts, whether the rate is the
   * customer's or for all; of two with the same prefix the customer's. Fails with `stored_row_unusable`.
   */
  find(customerId: string, currency: string, destination: string): Rate | undefined {
    const called = normalPrefix(destination);
    for (let length = Math.min(this.#longest, called.length); length > 0; length -= 1) {
      const prefix = called.slice(0, length);
      this.#requireUsable(customerId, currency, prefix);
      const rate =
        this.at({ customerId, currency, prefix }) ?? this.at({ customerId: null, currency, prefix });
      if (rate) return rate;
    }
    return undefined;
  }

  /** Where a dearer rate is damaged, the one of a shorter prefix must not take its place. */
  #requireUsable(customerId: string, currency: string, prefix: string): void {
    if (this.#unusable.size === 0) return;
    const keys = [keyOf(customerId, currency, prefix), keyOf(null, currency, prefix)];
    if (!keys.some((key) => this.#unusable.has(key))) return;
    throw new Failure('stored_row_unusable', `the rate for ${prefix} is damaged: it must be set again`);
  }
}

/** `sips:` costs what `sip:` costs, and schemes are written in any case (RFC 3261 §19.1.1). */
export const normalPrefix = (text: string): string => text.replace(/^sips?:/i, 'sip:');

/** Numbers need a rate; where a call leaves no trunk, it is free without one. */
export const isSipUri = (destination: string): boolean => /^sips?:/i.test(destination);

const keyOf = (customerId: string | null, currency: string, prefix: string): string =>
  `${customerId ?? ''} ${currency} ${prefix}`;
