import type { CallJournal, CallRecord, DialedLeg, DialRequest } from '../calls/index.ts';
import type { Micros } from '../core/index.ts';
import { type Clock, detach, Failure, type Ids, type Log } from '../core/index.ts';
import { ChargingJournal } from './charging-journal.ts';
import { CustomerAccount, periodsAt } from './customer-account.ts';
import { RecoveredCharge } from './recovered-charge.ts';
import { Reservation } from './reservation.ts';
import type { Account, Adjustment, BillingJournal, BillingStore, LedgerSums, Rate } from './store.ts';
import { isSipUri, normalPrefix, priceOf, Tariff } from './tariff.ts';

export interface BillingDeps {
  store: BillingStore;
  journal: BillingJournal;
  ids: Ids;
  clock: Clock;
  log: Log;
}

/** A customer's account at this moment. */
export interface Balance {
  account: Account;
  balance: Micros;
  /** Reserved for legs that have not ended. */
  reserved: Micros;
  /** Settled in the period of the spend limit. */
  spent: Micros;
}

/** Permission to dial one leg. */
export interface Permit {
  /** The leg exists: it is charged until it ends. */
  dialed(leg: DialedLeg): void;
  /** The leg could not be dialed. */
  release(): void;
}

type AccountChanges = Partial<Omit<Account, 'customerId'>>;

const UNLIMITED = {
  currency: 'EUR',
  billing: false,
  spendLimit: null,
  spendPeriod: 'month',
  callsPerSecond: null,
  concurrentCalls: null,
  updatedAt: 0,
} as const;

/** Balances, prices and limits of all customers, answered from memory. */
export class Billing {
  #deps: BillingDeps;
  #accounts = new Map<string, CustomerAccount>();
  #tariff: Tariff;
  /** Customers whose stored account is unusable, with their ledger sums. */
  #unusable = new Map<string, LedgerSums | undefined>();
  #journal: ChargingJournal;
  /** The operator's last change. */
  #lastChange: Promise<unknown> = Promise.resolve();

  /** Reads everything from the store, including the charges that a previous process did not settle. */
  static async open(deps: BillingDeps): Promise<Billing> {
    const loaded = await deps.store.loadBilling(periodsAt(deps.clock.now()));
    return new Billing(deps, loaded);
  }

  private constructor(deps: BillingDeps, loaded: Awaited<ReturnType<BillingStore['loadBilling']>>) {
    this.#deps = deps;
    this.#tariff = new Tariff(loaded.rates, loaded.unusableRates);
    this.#journal = new ChargingJournal(deps);
    const sums = new Map(loaded.sums.map((sum) => [sum.customerId, sum]));
    for (const account of loaded.accounts) {
      const { customerId } = account;
      this.#accounts.set(customerId, new CustomerAccount(account, deps.clock, sums.get(customerId)));
    }
    for (const customerId of loaded.unusableAccounts) this.#unusable.set(customerId, sums.get(customerId));
    // A customer with a ledger has an account: if none was loaded, not even its customer id can be read.
    for (const customerId of sums.keys())
      if (!this.#accounts.has(customerId)) this.#unusable.set(customerId, sums.get(customerId));
    for (const charge of loaded.charges) {
      const account = this.#accounts.get(charge.customerId);
      if (account) this.#journal.recover(new RecoveredCharge(charge, account, deps.clock));
    }
  }

  /** Calls are written through this journal: it adds their charges, and settles them when the call ends. */
  get journal(): CallJournal {
    return this.#journal;
  }

  /** Settles the charges of a previous process that belong to no open call. Run once, at the start. */
  settleOrphanedCharges(find: (callId: string) => Promise<CallRecord | undefined>): Promise<void> {
    return this.#journal.settleOrphanedCharges(find);
  }

  /**
   * Checks whether this leg may be dialed now, and reserves the price of its first increment.
   * Fails, in this order, with `spend_control_exceeded`, `insufficient_balance`, `rate_not_found`, the error of `check`,
   * `cps_limit_reached` and `concurrent_call_limit_reached`.
   * @param check throws when there is no route to the destination.
   * @returns undefined for a leg that is neither counted nor charged.
   */
  admit(request: DialRequest, check: () => void): Permit | undefined {
    const account = this.#accounts.get(request.customerId);
    if (!account && this.#unusable.has(request.customerId)) throw unusableAccount(request.customerId);
    if (!account) return undefined;
    const rate = this.#rateFor(request, account);
    check();
    account.requireCapacity();
    const reservation = rate && new Reservation(account, rate);
    account.legBegins();
    const { clock } = this.#deps;
    const { destination, customerId, beside } = request;
    return {
      dialed: (leg) => {
        detach(
          'billing.billing',
          leg.ended.then(() => account.legEnds()),
        );
        if (!rate || !reservation) return;
        this.#journal.charge({ leg, destination, customerId, rate, reservation, clock }, beside ?? leg);
      },
      release: () => {
        account.legEnds();
        reservation?.settle(null);
      },
    };
  }

  /** Fails with `transfer_failed` for a billed customer. A call that another system places cannot be metered. */
  checkRefer(customerId: string): void {
    if (!this.#accounts.get(customerId)?.settings.billing) return;
    throw new Failure('transfer_failed', 'a call transferred by REFER cannot be charged');
  }

  balance(customerId: string): Balance {
    const { settings: account, balance, reserved, spent } = this.#account(customerId);
    return { account, balance, reserved, spent };
  }

  /**
   * Adds money to a balance, or takes it from there. A customer who receives money is billed from then on.
   * Fails with `insufficient_balance`, and with `invalid_request` when the currency differs from the account's or the
   * balance would be too large to be exact; then nothing is written.
   */
  adjust(customerId: string, fields: Pick<Adjustment, 'amount' | 'currency' | 'note'>): Promise<Adjustment> {
    return this.#inOrder(async () => {
      const { ids, journal } = this.#deps;
      const { amount, currency } = fields;
      const account = this.#changed(customerId, { currency, ...(amount > 0 ? { billing: true } : {}) });
      const adjustment = { ...fields, id: ids.next('adj'), customerId, createdAt: account.updatedAt };
      // Until this is written, calls only lower the balance: what is allowed now is still allowed then.
      this.#account(customerId).requireAdjustable(amount);
      // Money that is taken is gone at once; money that is added counts when it is written.
      if (amount < 0) this.#account(customerId).adjust(amount);
      try {
        await journal.commit({ billing: { adjustment, account }, refusable: true });
      } catch (error) {
        if (amount < 0) this.#account(customerId).adjust(-amount);
        throw error;
      }
      const kept = this.#keep(account);
      if (amount > 0) kept.adjust(amount);
      return adjustment;
    });
  }

  /** Changes some of a customer's settings. Fails with `invalid_request` for another currency. */
  setLimits(customerId: string, changes: AccountChanges): Promise<Account> {
    return this.#inOrder(async () => {
      const account = this.#changed(customerId, changes);
      await this.#deps.journal.commit({ billing: { account }, refusable: true });
      this.#keep(account);
      return account;
    });
  }

  /** Sets the price of a prefix. Calls in progress keep the price that they began with. */
  setRate(fields: Omit<Rate, 'id' | 'createdAt'>): Promise<Rate> {
    return this.#inOrder(async () => {
      const { ids, clock, store } = this.#deps;
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
    return this.#inOrder(async () => {
      const rate = this.#tariff.get(id);
      if (!rate) throw new Failure('not_found', 'there is no such rate');
      await this.#deps.store.deleteRate(id);
      this.#tariff.remove(rate);
    });
  }

  /** Runs the operator's changes one after the other: each starts from the result of the one before. */
  #inOrder<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#lastChange.then(change);
    this.#lastChange = done.catch(() => {});
    return done;
  }

  /** Returns the rate of the leg; undefined where it is free. */
  #rateFor({ customerId, destination }: DialRequest, account: CustomerAccount): Rate | undefined {
    const { billing, currency } = account.settings;
    if (!billing) return undefined;
    const rate = this.#tariff.find(customerId, currency, destination);
    if (rate ? rate.pricePerMinute === 0 : isSipUri(destination)) return undefined;
    // An empty balance is reported first, even where no rate says how much is needed.
    account.requireMoney(rate ? priceOf(rate, rate.firstIncrement) : 1);
    if (!rate) throw new Failure('rate_not_found', `no rate in ${currency} matches ${destination}`);
    return rate;
  }

  #account(customerId: string): CustomerAccount {
    const unlimited = { ...UNLIMITED, customerId };
    return this.#accounts.get(customerId) ?? new CustomerAccount(unlimited, this.#deps.clock);
  }

  #keep(settings: Account): CustomerAccount {
    const { customerId } = settings;
    const sums = this.#unusable.get(customerId);
    const account = this.#accounts.get(customerId) ?? new CustomerAccount(settings, this.#deps.clock, sums);
    this.#unusable.delete(customerId);
    account.settings = settings;
    this.#accounts.set(customerId, account);
    return account;
  }

  #changed(customerId: string, changes: AccountChanges): Account {
    const known = this.#accounts.get(customerId)?.settings;
    if (known && changes.currency !== undefined && changes.currency !== known.currency) {
      throw new Failure('invalid_request', `the currency of this customer is ${known.currency}`);
    }
    const updatedAt = Math.round(this.#deps.clock.now());
    // A customer with a ledger was billed: a damaged account must not make calls free.
    const billed = this.#unusable.get(customerId) ? { billing: true } : {};
    return { ...UNLIMITED, ...billed, ...known, ...changes, customerId, updatedAt };
  }
}

/** Calls that can be neither charged nor limited are not placed. The operator must set the limits again. */
const unusableAccount = (customerId: string) =>
  new Failure('stored_row_unusable', `the account of ${customerId} is damaged: its limits must be set again`);
