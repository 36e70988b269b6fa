import type { Page, PageRequest } from '../calls/index.ts';
import { type Clock, Failure, type Ids, type Random } from '../core/index.ts';
import { type ApplicationFields, Applications, type Making, type NewApplication } from './applications.ts';
import type { Some } from './changes.ts';
import { Dids } from './dids.ts';
import { Phones } from './phones.ts';
import { sealedStore } from './sealed-store.ts';
import type { SecretBox } from './secret-box.ts';
import { Shelf } from './shelf.ts';
import type { ApiKey, Application, Customer, Did, DirectoryRows, DirectoryStore } from './store.ts';
import { type CustomerPrefixes, Trunks } from './trunks.ts';
import { VerifiedNumbers } from './verified-numbers.ts';

export interface DirectoryOptions {
  clock: Clock;
  ids: Ids;
  random: Random;
  /** Seals passwords and webhook secrets before they are stored. */
  secrets: SecretBox;
  /** How wide the blocks of addresses may be that customers name; /24 and /64 if left out. */
  customerPrefixes?: CustomerPrefixes;
}

/** Who is asked for, and by whom it is to be answered. */
export interface Route {
  did: Did;
  application: Application;
}

/** Who is who, answered from memory; every change is written through before it is confirmed. */
export class Directory {
  readonly trunks: Trunks;
  readonly dids: Dids;
  readonly phones: Phones;
  readonly verifiedNumbers: VerifiedNumbers;
  #making: Making;
  #customers: Shelf<Customer>;
  #applications: Applications;

  /** Reads all of it from the store, opening what `secrets` has sealed. */
  static async open(store: DirectoryStore, options: DirectoryOptions): Promise<Directory> {
    const sealed = sealedStore(store, options.secrets);
    return new Directory(await sealed.load(), sealed, options);
  }

  private constructor(rows: DirectoryRows, store: DirectoryStore, options: DirectoryOptions) {
    const { clock, ids, random } = options;
    const making: Making = { clock, ids, random, requireCustomer: (id) => this.#requireCustomer(id) };
    this.#making = making;
    this.#customers = new Shelf(rows.customers, (row) => row.id, {
      save: (row) => store.saveCustomer(row),
      delete: () => Promise.reject(new Error('customers are not deleted')),
    });
    this.#applications = new Applications(rows, store, making);
    this.dids = new Dids(rows.dids, store, this.#applications, making);
    this.trunks = new Trunks(rows.trunks, store, making, options.customerPrefixes);
    this.phones = new Phones(rows.phones, store, making);
    this.verifiedNumbers = new VerifiedNumbers(rows.verifiedNumbers, store, making);
  }

  /** @throws Failure `invalid_request` without a name. */
  async createCustomer({ name }: { name: string }): Promise<Customer> {
    if (name.trim() === '') throw new Failure('invalid_request', 'name is required');
    const { clock, ids } = this.#making;
    return this.#customers.put({ id: ids.next('cust'), name, createdAt: clock.now() });
  }

  customer(id: string): Customer | undefined {
    return this.#customers.get(id);
  }

  /** Newest first. */
  customers(page: PageRequest): Page<Customer> {
    return this.#customers.page(() => true, page);
  }

  /**
   * @returns the application and its first API key, which cannot be read again.
   * @throws Failure `customer_not_found`, `invalid_request`.
   */
  createApplication(fields: NewApplication): Promise<{ application: Application; apiKey: string }> {
    return this.#applications.create(fields);
  }

  /** @throws Failure `application_not_found`, `invalid_request`. */
  updateApplication(id: string, fields: Some<ApplicationFields>): Promise<Application> {
    return this.#applications.update(id, fields);
  }

  /** Its keys go with it; its numbers stay, unassigned. @throws Failure `application_not_found`. */
  async deleteApplication(id: string): Promise<void> {
    await this.#applications.delete(id);
    this.dids.unassign(id);
  }

  application(id: string): Application | undefined {
    return this.#applications.get(id);
  }

  /** Oldest first. */
  applicationsOf(customerId: string): Application[] {
    return this.#applications.of(customerId);
  }

  /** Newest first, of one customer or of all. */
  applications(filter: { customerId?: string | undefined }, page: PageRequest): Page<Application> {
    return this.#applications.list(filter, page);
  }

  /** Whether the application's events are to be delivered at all. */
  hasWebhook(applicationId: string): boolean {
    return Boolean(this.#applications.get(applicationId)?.webhookUrl);
  }

  /**
   * Makes a new API key; the earlier ones go on opening for `graceSeconds` (0).
   *
   * @returns the key, which cannot be read again.
   * @throws Failure `application_not_found`.
   */
  rotateKey(applicationId: string, { graceSeconds = 0 } = {}): Promise<string> {
    return this.#applications.rotateKey(applicationId, graceSeconds);
  }

  /** The application's keys without the keys themselves, oldest first. */
  keysOf(applicationId: string): ApiKey[] {
    return this.#applications.keys(applicationId);
  }

  /** Whose key this is, if it is one and has not expired. */
  authenticate(apiKey: string): Application | undefined {
    return this.#applications.authenticate(apiKey);
  }

  /** Where a call to this number goes; undefined when the number is unknown, inactive or unassigned. */
  route(number: string): Route | undefined {
    const did = this.dids.byNumber(number);
    const application = did?.applicationId ? this.application(did.applicationId) : undefined;
    return did?.status === 'active' && application ? { did, application } : undefined;
  }

  /** Whether the customer's calls may show this number: it is one of the customer's numbers, or was verified. */
  mayShow(customerId: string, number: string): boolean {
    return (
      this.dids.byNumber(number)?.customerId === customerId || this.verifiedNumbers.has(customerId, number)
    );
  }

  #requireCustomer(id: string): void {
    if (!this.#customers.get(id)) throw new Failure('customer_not_found', 'customer not found');
  }
}
