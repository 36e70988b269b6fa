import type { Rate } from './store.ts';

/** All rates, to be asked at every call. */
export class Tariff {
  #rates = new Map<string, Rate>();
  #longest = 0;

  constructor(rates: Iterable<Rate>) {
    for (const rate of rates) this.put(rate);
  }

  /** Takes the place of the rate that has the same customer, currency and prefix. */
  put(rate: Rate): void {
    this.#rates.set(keyOf(rate.customerId, rate.currency, rate.prefix), rate);
    this.#longest = Math.max(this.#longest, rate.prefix.length);
  }

  /** The rate with exactly this prefix. */
  at({ customerId, currency, prefix }: Pick<Rate, 'customerId' | 'currency' | 'prefix'>): Rate | undefined {
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
   * customer's or for all; of two with the same prefix the customer's.
   */
  find(customerId: string, currency: string, destination: string): Rate | undefined {
    const called = normalPrefix(destination);
    for (let length = Math.min(this.#longest, called.length); length > 0; length -= 1) {
      const prefix = called.slice(0, length);
      const rate =
        this.at({ customerId, currency, prefix }) ?? this.at({ customerId: null, currency, prefix });
      if (rate) return rate;
    }
    return undefined;
  }
}

/** `sips:` costs what `sip:` costs, and schemes are written in any case (RFC 3261 §19.1.1). */
export const normalPrefix = (text: string): string => text.replace(/^sips?:/i, 'sip:');

/** Numbers need a rate; where a call leaves no trunk, it is free without one. */
export const isSipUri = (destination: string): boolean => /^sips?:/i.test(destination);

const keyOf = (customerId: string | null, currency: string, prefix: string): string =>
  `${customerId ?? ''} ${currency} ${prefix}`;
