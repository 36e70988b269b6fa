import type { Page, PageRequest } from '../calls/index.ts';
import { type Clock, Failure, type Ids, type Random } from '../core/index.ts';
import { ApiKeys } from './api-keys.ts';
import { type ApplicationFields, Applications, type NewApplication } from './applications.ts';
import { Dids } from './dids.ts';
import { Phones } from './phones.ts';
import type { Changes, DirectoryDeps } from './records.ts';
import { sealedStore } from './sealed-store.ts';
import type { SecretBox } from './secret-box.ts';
import type { ApiKey, Application, Customer, Did, DirectoryRows, DirectoryStore } from './store.ts';
import type { CustomerPrefixes } from './trunk-sources.ts';
import { Trunks } from './trunks.ts';
import { VerifiedNumbers } from './verified-numbers.ts';
import { WriteThroughTable } from './write-through-table.ts';

export interface DirectoryOptions {
  clock: Clock;
  ids: Ids;
  random: Random;
  /** Seals passwords and webhook secrets before they are stored. */
  secrets: SecretBox;
  /** The shortest prefixes that customers may name in `inbound_ip`. Default: /24 and /64. */
  customerPrefixes?: CustomerPrefixes;
}

/** The number that was called, and the application that answers it. */
export interface NumberRoute {
  did: Did;
  application: Application;
}

/** Customers, applications, numbers, trunks and phones, in memory. Changes are stored before they are confirmed. */
export class Directory {
  readonly trunks: Trunks;
  readonly dids: Dids;
  readonly phones: Phones;
  readonly verifiedNumbers: VerifiedNumbers;
  #deps: DirectoryDeps;
  #customers: WriteThroughTable<Customer>;
  #applications: Applications;
  #keys: ApiKeys;

  /** Reads everything from the store, and opens the secrets that `secrets` has sealed. */
  static async open(store: DirectoryStore, options: DirectoryOptions): Promise<Directory> {
    const sealed = sealedStore(store, options.secrets);
    return new Directory(await sealed.load(), sealed, options);
  }

  private constructor(rows: DirectoryRows, store: DirectoryStore, options: DirectoryOptions) {
    const { clock, ids, random } = options;
    const deps: DirectoryDeps = { clock, ids, random, requireCustomer: (id) => this.#requireCustomer(id) };
    this.#deps = deps;
    this.#customers = new WriteThroughTable(rows.customers, (row) => row.id, {
      save: (row) => store.saveCustomer(row),
      delete: () => Promise.reject(new Error('customers are not deleted')),
    });
    this.#keys = new ApiKeys(rows.keys, store, deps);
    this.#applications = new Applications(rows.applications, this.#keys, store, deps);
    this.dids = new Dids(rows.dids, store, this.#applications, deps);
    this.trunks = new Trunks(rows.trunks, store, deps, options.customerPrefixes);
    this.phones = new Phones(rows.phones, store, deps);
    this.verifiedNumbers = new VerifiedNumbers(rows.verifiedNumbers, store, deps);
  }

  /** @throws Failure `invalid_request` without a name. */
  async createCustomer({ name }: { name: string }): Promise<Customer> {
    if (name.trim() === '') throw new Failure('invalid_request', 'name is required');
    const { clock, ids } = this.#deps;
    return this.#customers.put({ id: ids.next('cust'), name, createdAt: clock.now() });
  }

  customer(id: string): Customer | undefined {
    return this.#customers.get(id);
  }

  /** Lists customers, newest first. */
  customers(page: PageRequest): Page<Customer> {
    return this.#customers.page(() => true, page);
  }

  /**
   * Creates an application with an API key.
   * @returns the application and its API key, which cannot be read again.
   * @throws Failure `customer_not_found`, `invalid_request`.
   */
  createApplication(fields: NewApplication): Promise<{ application: Application; apiKey: string }> {
    return this.#applications.create(fields);
  }

  /** @throws Failure `application_not_found`, `invalid_request`. */
  updateApplication(id: string, fields: Changes<ApplicationFields>): Promise<Application> {
    return this.#applications.update(id, fields);
  }

  /** Deletes an application and its keys. Its numbers stay, unassigned. @throws Failure `application_not_found`. */
  async deleteApplication(id: string): Promise<void> {
    await this.#applications.delete(id);
    this.dids.unassign(id);
  }

  application(id: string): Application | undefined {
    return this.#applications.get(id);
  }

  /** Returns the customer's applications, oldest first. */
  applicationsOf(customerId: string): Application[] {
    return this.#applications.of(customerId);
  }

  /** Lists the applications of one customer or of all, newest first. */
  applications(filter: { customerId?: string | undefined }, page: PageRequest): Page<Application> {
    return this.#applications.list(filter, page);
  }

  /** Whether the application has a `webhook_url` that receives its events. */
  hasWebhook(applicationId: string): boolean {
    return Boolean(this.#applications.get(applicationId)?.webhookUrl);
  }

  /**
   * Creates a new API key. Earlier keys stay valid for `graceSeconds` (default 0).
   * @returns the key, which cannot be read again.
   * @throws Failure `application_not_found`.
   */
  async rotateKey(applicationId: string, { graceSeconds = 0 } = {}): Promise<string> {
    return this.#keys.rotate(this.#applications.require(applicationId).id, graceSeconds);
  }

  /** Returns the application's keys without their texts, oldest first. */
  keysOf(applicationId: string): ApiKey[] {
    return this.#keys.of(applicationId);
  }

  /** Returns the application of an API key; undefined when the key is unknown or has expired. */
  authenticate(apiKey: string): Application | undefined {
    const key = this.#keys.find(apiKey);
    return key && this.#applications.get(key.applicationId);
  }

  /** Routes a call to this number; undefined when the number is unknown, inactive or unassigned. */
  route(number: string): NumberRoute | undefined {
    const did = this.dids.byNumber(number);
    const application = did?.applicationId ? this.application(did.applicationId) : undefined;
    return did?.status === 'active' && application ? { did, application } : undefined;
  }

  /** Whether the customer may show this number as caller ID: it is the customer's own, or verified. */
  mayShow(customerId: string, number: string): boolean {
    return (
      this.dids.byNumber(number)?.customerId === customerId || this.verifiedNumbers.has(customerId, number)
    );
  }

  #requireCustomer(id: string): void {
    if (!this.#customers.get(id)) throw new Failure('customer_not_found', 'customer not found');
  }
}
