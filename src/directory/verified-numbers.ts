import type { Page, PageRequest } from '../calls/index.ts';
import { Failure } from '../core/index.ts';
import { isE164, normalizeNumber } from './number.ts';
import { type DirectoryDeps, requireBelowLimit } from './records.ts';
import type { DirectoryStore, VerifiedNumber } from './store.ts';
import { WriteThroughTable } from './write-through-table.ts';

const MAX_NUMBERS = 1_000;

/** Numbers that customers may show as caller ID because the operator has verified that they own them. */
export class VerifiedNumbers {
  #deps: DirectoryDeps;
  #rows: WriteThroughTable<VerifiedNumber>;

  constructor(rows: VerifiedNumber[], store: DirectoryStore, deps: DirectoryDeps) {
    this.#deps = deps;
    this.#rows = new WriteThroughTable(rows, nameOf, {
      save: (row) => store.saveVerifiedNumber(row),
      delete: (id) => store.deleteVerifiedNumber(id),
    });
  }

  /** @param number E.164, or a form that `normalizeNumber` converts to it. */
  has(customerId: string, number: string): boolean {
    return this.#rows.byName(nameOf({ customerId, numberE164: normalizeNumber(number) })) !== undefined;
  }

  get(id: string): VerifiedNumber | undefined {
    return this.#rows.get(id);
  }

  /** Lists a customer's verified numbers, newest first. */
  list(customerId: string, page: PageRequest): Page<VerifiedNumber> {
    return this.#rows.page((row) => row.customerId === customerId, page);
  }

  /** @throws Failure `customer_not_found`, `number_exists`, `limit_reached`, `invalid_request`. */
  async create(customerId: string, number: string): Promise<VerifiedNumber> {
    const { clock, ids, requireCustomer } = this.#deps;
    requireCustomer(customerId);
    requireBelowLimit(this.#rows.all(), customerId, MAX_NUMBERS);
    const numberE164 = normalizeNumber(number);
    if (!isE164(numberE164))
      throw new Failure('invalid_request', 'number_e164 must be E.164, such as +15550100000');
    if (this.#rows.holderOf(nameOf({ customerId, numberE164 })) !== undefined)
      throw new Failure('number_exists', 'the number is already verified');
    return this.#rows.put({ id: ids.next('vnum'), customerId, numberE164, createdAt: clock.now() });
  }

  /** @throws Failure `not_found`. */
  async delete(id: string): Promise<void> {
    await this.#rows.change(id, (row) => {
      if (!row) throw new Failure('not_found', 'verified number not found');
      return undefined;
    });
  }
}

const nameOf = ({ customerId, numberE164 }: Pick<VerifiedNumber, 'customerId' | 'numberE164'>): string =>
  `${customerId} ${numberE164}`;
