import type { CallJournal, CallRecord, DialledLeg, DialRequest } from '../calls/index.ts';
import type { Micros } from '../core/index.ts';
import { type Clock, detach, Failure, type Ids, type Log } from '../core/index.ts';
import { LeftCharge } from './left-charge.ts';
import { priceOf } from './price.ts';
import { Purse } from './purse.ts';
import { Reservation } from './reservation.ts';
import { periodsAt } from './spending.ts';
import type { Account, Adjustment, BillingJournal, BillingStore, LedgerSums, Rate } from './store.ts';
import { Tabs } from './tabs.ts';
import { isSipUri, normalPrefix, Tariff } from './tariff.ts';

export interface BillingPorts {
  store: BillingStore;
  journal: BillingJournal;
  ids: Ids;
  clock: Clock;
  log: Log;
}

/** What a customer has now. */
export interface Balance {
  account: Account;
  balance: Micros;
  /** Held for legs that last. */
  reserved: Micros;
  /** Settled in the period of the spend limit. */
  spent: Micros;
}

/** A leg that may be dialled. */
export interface Permit {
  /** It is there: it is charged until it ends. */
  dialled(leg: DialledLeg): void;
  /** It could not be dialled. */
  release(): void;
}

const UNLIMITED = {
  currency: 'EUR',
  billing: false,
  spendLimit: null,
  spendPeriod: 'month',
  callsPerSecond: null,
  concurrentCalls: null,
  updatedAt: 0,
} as const;

/** Money and limits of all customers, answered from memory. */
export class Billing {
  #ports: BillingPorts;
  #purses = new Map<string, Purse>();
  #tariff: Tariff;
  /** Customers whose stored account cannot be used, and what their ledger says. */
  #unusable = new Map<string, LedgerSums | undefined>();
  #tabs: Tabs;
  /** The last thing that the operator has done. */
  #last: Promise<unknown> = Promise.resolve();

  /** Reads all of it, with what a former process has not settled. */
  static async open(ports: BillingPorts): Promise<Billing> {
    const loaded = await ports.store.loadBilling(periodsAt(ports.clock.now()));
    return new Billing(ports, loaded);
  }

  private constructor(ports: BillingPorts, loaded: Awaited<ReturnType<BillingStore['loadBilling']>>) {
    this.#ports = ports;
    this.#tariff = new Tariff(loaded.rates, loaded.unusableRates);
    this.#tabs = new Tabs(ports);
    const sums = new Map(loaded.sums.map((sum) => [sum.customerId, sum]));
    for (const account of loaded.accounts) {
      const { customerId } = account;
      this.#purses.set(customerId, new Purse(account, ports.clock, sums.get(customerId)));
    }
    for (const customerId of loaded.unusableAccounts) this.#unusable.set(customerId, sums.get(customerId));
    // Whoever has a ledger has an account: that of these cannot be read, not even whose it is.
    for (const customerId of sums.keys())
      if (!this.#purses.has(customerId)) this.#unusable.set(customerId, sums.get(customerId));
    for (const charge of loaded.charges) {
      const purse = this.#purses.get(charge.customerId);
      if (purse) this.#tabs.inherit(new LeftCharge(charge, purse, ports.clock));
    }
  }

  /** Calls are written through this: what they owe is written with them, and settled with their end. */
  get journal(): CallJournal {
    return this.#tabs;
  }

  /** Settles what a former process has left and no open call answers for. */
  settleStrays(find: (callId: string) => Promise<CallRecord | undefined>): Promise<void> {
    return this.#tabs.settleStrays(find);
  }

  /**
   * Whether this leg may be dialled now; if so, the money for its beginning is reserved. Undefined: it is dialled
   * without being counted or charged. Fails, in this order, with `spend_control_exceeded`,
   * `insufficient_balance`, `rate_not_found`, whatever `check` throws, `cps_limit_reached` and
   * `concurrent_call_limit_reached`.
   * @param check throws when no line leads to the destination.
   */
  admit(request: DialRequest, check: () => void): Permit | undefined {
    const purse = this.#purses.get(request.customerId);
    if (!purse && this.#unusable.has(request.customerId)) throw unusableAccount(request.customerId);
    if (!purse) return undefined;
    const rate = this.#rateFor(request, purse);
    check();
    purse.requireRoom();
    const reservation = rate && new Reservation(purse, rate);
    purse.enter();
    const { clock } = this.#ports;
    const { destination, customerId, beside } = request;
    return {
      dialled: (leg) => {
        detach(
          'billing.billing',
          leg.ended.then(() => purse.leave()),
        );
        if (!rate || !reservation) return;
        this.#tabs.charge({ leg, destination, customerId, rate, reservation, clock }, beside ?? leg);
      },
      release: () => {
        purse.leave();
        reservation?.settle(null);
      },
    };
  }

  /** Fails with `transfer_failed` for a customer who is charged: a call that another places cannot be metered. */
  checkRefer(customerId: string): void {
    if (!this.#purses.get(customerId)?.account.billing) return;
    throw new Failure('transfer_failed', 'a call that is handed on by REFER cannot be charged');
  }

  balance(customerId: string): Balance {
    const { account, balance, reserved, spent } = this.#purse(customerId);
    return { account, balance, reserved, spent };
  }

  /**
   * Puts money on a balance, or takes it from there. Whoever is given money is billed from then on.
   * Fails with `insufficient_balance`, and with `invalid_request` for another currency than the account's or a
   * balance too large to be exact; nothing is written then.
   */
  adjust(customerId: string, but: Pick<Adjustment, 'amount' | 'currency' | 'note'>): Promise<Adjustment> {
    return this.#inTurn(async () => {
      const { ids, journal } = this.#ports;
      const { amount, currency } = but;
      const account = this.#changed(customerId, { currency, ...(amount > 0 ? { billing: true } : {}) });
      const adjustment = { ...but, id: ids.next('adj'), customerId, createdAt: account.updatedAt };
      // Until this is written, calls only lower the balance: what is allowed now still is then.
      this.#purse(customerId).requireAdjustable(amount);
      // What is taken is gone at once, what is given is there when it is written.
      if (amount < 0) this.#purse(customerId).adjust(amount);
      try {
        await journal.commit({ billing: { adjustment, account }, refusable: true });
      } catch (error) {
        if (amount < 0) this.#purse(customerId).adjust(-amount);
        throw error;
      }
      const purse = this.#keep(account);
      if (amount > 0) purse.adjust(amount);
      return adjustment;
    });
  }

  /** Sets what is given of a customer's limits. Fails with `invalid_request` for another currency. */
  setLimits(customerId: string, but: Partial<Omit<Account, 'customerId'>>): Promise<Account> {
    return this.#inTurn(async () => {
      const account = this.#changed(customerId, but);
      await this.#ports.journal.commit({ billing: { account }, refusable: true });
      this.#keep(account);
      return account;
    });
  }

  /** Sets what a prefix costs, in place of what it has cost; calls that last go on as they began. */
  setRate(fields: Omit<Rate, 'id' | 'createdAt'>): Promise<Rate> {
    return this.#inTurn(async () => {
      const { ids, clock, store } = this.#ports;
      const prefix = normalPrefix(fields.prefix);
      const id = this.#tariff.at({ ...fields, prefix })?.id ?? ids.next('rate');
      const rate = { ...fields, prefix, id, createdAt: Math.round(clock.now()) };
      await store.saveRate(rate);
      this.#tariff.put(rate);
      return rate;
    });
  }

  /** Fails with `not_found`. */
  removeRate(id: string): Promise<void> {
    return this.#inTurn(async () => {
      const rate = this.#tariff.get(id);
      if (!rate) throw new Failure('not_found', 'there is no such rate');
      await this.#ports.store.deleteRate(id);
      this.#tariff.remove(rate);
    });
  }

  /** What the operator does is done one after the other: each change begins with what the last one has left. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#last.then(change);
    this.#last = done.catch(() => {});
    return done;
  }

  /** What the leg costs; undefined where it is free. */
  #rateFor({ customerId, destination }: DialRequest, purse: Purse): Rate | undefined {
    const { billing, currency } = purse.account;
    if (!billing) return undefined;
    const rate = this.#tariff.find(customerId, currency, destination);
    if (rate ? rate.pricePerMinute === 0 : isSipUri(destination)) return undefined;
    // Whoever has nothing left is told so, even where there is no rate to say how much is needed.
    purse.requireMoney(rate ? priceOf(rate, rate.firstIncrement) : 1);
    if (!rate) throw new Failure('rate_not_found', `no rate in ${currency} matches ${destination}`);
    return rate;
  }

  #purse(customerId: string): Purse {
    const unlimited = { ...UNLIMITED, customerId };
    return this.#purses.get(customerId) ?? new Purse(unlimited, this.#ports.clock);
  }

  #keep(account: Account): Purse {
    const sums = this.#unusable.get(account.customerId);
    const purse = this.#purses.get(account.customerId) ?? new Purse(account, this.#ports.clock, sums);
    this.#unusable.delete(account.customerId);
    purse.account = account;
    this.#purses.set(account.customerId, purse);
    return purse;
  }

  #changed(customerId: string, but: Partial<Omit<Account, 'customerId'>>): Account {
    const known = this.#purses.get(customerId)?.account;
    if (known && but.currency !== undefined && but.currency !== known.currency) {
      throw new Failure('invalid_request', `the currency of this customer is ${known.currency}`);
    }
    const updatedAt = Math.round(this.#ports.clock.now());
    // Who has a ledger was billed: a damaged account is no reason to call for nothing.
    const billed = this.#unusable.get(customerId) ? { billing: true } : {};
    return { ...UNLIMITED, ...billed, ...known, ...but, customerId, updatedAt };
  }
}

/** Calls that nobody could charge, or hold back, are not placed: the operator sets the limits anew. */
const unusableAccount = (customerId: string) =>
  new Failure('stored_row_unusable', `the account of ${customerId} is damaged: its limits must be set again`);
