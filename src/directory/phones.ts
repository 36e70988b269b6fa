import { createHash } from 'node:crypto';
import type { Page, PageRequest } from '../calls/index.ts';
import { Failure, type Random } from '../core/index.ts';
import type { Making } from './applications.ts';
import { requireRoom } from './room.ts';
import { Shelf } from './shelf.ts';
import type { DirectoryStore, Phone } from './store.ts';

/** RFC 7616: what phones are asked with. What is kept of a password is made with it, so it never changes. */
export const PHONE_REALM = 'minivoice';

const MAX_PHONES = 10_000;

const USERNAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** Softphones and desk phones that register with us, each name once. */
export class Phones {
  #making: Making;
  #rows: Shelf<Phone>;

  /** @param store saves phones as they are handed to it: what is kept of passwords is sealed before. */
  constructor(rows: Phone[], store: DirectoryStore, making: Making) {
    this.#making = making;
    this.#rows = new Shelf(rows, (row) => row.username, {
      save: (row) => store.savePhone(row),
      delete: (id) => store.deletePhone(id),
    });
  }

  get(id: string): Phone | undefined {
    return this.#rows.get(id);
  }

  /** Upper and lower case count alike. */
  named(username: string): Phone | undefined {
    return this.#rows.named(username.toLowerCase());
  }

  /** Newest first, of one customer or of all. */
  list(filter: { customerId?: string | undefined }, page: PageRequest): Page<Phone> {
    const { customerId } = filter;
    return this.#rows.page((row) => customerId === undefined || row.customerId === customerId, page);
  }

  /**
   * @returns the phone and its password, which cannot be read again.
   * @throws Failure `customer_not_found`, `username_exists`, `invalid_request`.
   */
  async create(fields: {
    customerId: string;
    username: string;
  }): Promise<{ phone: Phone; password: string }> {
    const { clock, ids, random, requireCustomer } = this.#making;
    const { customerId } = fields;
    requireCustomer(customerId);
    requireRoom(this.#rows.all(), customerId, MAX_PHONES);
    const username = this.#free(fields.username);
    const password = makePassword(random);
    const proof = ha1(username, password);
    const row = { id: ids.next('phone'), customerId, username, ha1: proof, createdAt: clock.now() };
    return { phone: await this.#rows.put(row), password };
  }

  /** @throws Failure `phone_not_found`. */
  async delete(id: string): Promise<void> {
    await this.#rows.change(id, (row) => {
      if (!row) throw new Failure('phone_not_found', 'phone not found');
      return undefined;
    });
  }

  #free(text: string): string {
    const username = text.toLowerCase();
    if (!USERNAME.test(username)) {
      throw new Failure('invalid_request', 'username must be letters, digits, ".", "_" and "-", at most 63');
    }
    if (this.#rows.holderOf(username) !== undefined)
      throw new Failure('username_exists', 'username already exists');
    return username;
  }
}

/** 120 bits of chance, in letters that can be typed. */
const makePassword = (random: Random): string => random.bytes(15).toString('base64url');

/** RFC 7616 §3.4.2: proves the password, in place of which it is kept. */
const ha1 = (username: string, password: string): string =>
  createHash('md5').update(`${username}:${PHONE_REALM}:${password}`).digest('hex');
