import { createHash } from 'node:crypto';
import type { Page, PageRequest } from '../calls/index.ts';
import { Failure, type Random } from '../core/index.ts';
import { type DirectoryDeps, requireBelowLimit } from './records.ts';
import type { DirectoryStore, Phone } from './store.ts';
import { WriteThroughTable } from './write-through-table.ts';

/** The realm of digest challenges to phones (RFC 7616). Stored hashes contain it, so it never changes. */
export const PHONE_REALM = 'minivoice';

const MAX_PHONES = 10_000;

const USERNAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** Softphones and desk phones that register with this server; usernames are unique. */
export class Phones {
  #deps: DirectoryDeps;
  #rows: WriteThroughTable<Phone>;

  /** @param store receives phones with plain hashes, and must seal them. */
  constructor(rows: Phone[], store: DirectoryStore, deps: DirectoryDeps) {
    this.#deps = deps;
    this.#rows = new WriteThroughTable(rows, (row) => row.username, {
      save: (row) => store.savePhone(row),
      delete: (id) => store.deletePhone(id),
    });
  }

  get(id: string): Phone | undefined {
    return this.#rows.get(id);
  }

  /** Finds a phone by its username, ignoring case. */
  byUsername(username: string): Phone | undefined {
    return this.#rows.byName(username.toLowerCase());
  }

  /** Lists the phones of one customer or of all, newest first. */
  list(filter: { customerId?: string | undefined }, page: PageRequest): Page<Phone> {
    const { customerId } = filter;
    return this.#rows.page((row) => customerId === undefined || row.customerId === customerId, page);
  }

  /**
   * Creates a phone with a random password.
   * @returns the phone and its password, which cannot be read again.
   * @throws Failure `customer_not_found`, `username_exists`, `invalid_request`.
   */
  async create(fields: {
    customerId: string;
    username: string;
  }): Promise<{ phone: Phone; password: string }> {
    const { clock, ids, random, requireCustomer } = this.#deps;
    const { customerId } = fields;
    requireCustomer(customerId);
    requireBelowLimit(this.#rows.all(), customerId, MAX_PHONES);
    const username = this.#unusedName(fields.username);
    const password = makePassword(random);
    const hash = ha1(username, password);
    const row = { id: ids.next('phone'), customerId, username, ha1: hash, createdAt: clock.now() };
    return { phone: await this.#rows.put(row), password };
  }

  /** @throws Failure `phone_not_found`. */
  async delete(id: string): Promise<void> {
    await this.#rows.change(id, (row) => {
      if (!row) throw new Failure('phone_not_found', 'phone not found');
      return undefined;
    });
  }

  #unusedName(text: string): string {
    const username = text.toLowerCase();
    if (!USERNAME.test(username)) {
      throw new Failure('invalid_request', 'username must be 1–63 letters, digits, ".", "_" and "-"');
    }
    if (this.#rows.holderOf(username) !== undefined)
      throw new Failure('username_exists', 'username already exists');
    return username;
  }
}

/** Returns 120 random bits in characters that can be typed. */
const makePassword = (random: Random): string => random.bytes(15).toString('base64url');

/** The hash that is stored instead of the password (RFC 7616 §3.4.2). */
const ha1 = (username: string, password: string): string =>
  createHash('md5').update(`${username}:${PHONE_REALM}:${password}`).digest('hex');
