import type { Page, PageRequest } from '../calls/index.ts';
import { Failure } from '../core/index.ts';
import type { Making } from './applications.ts';
import { isE164, normaliseNumber } from './number.ts';
import { requireRoom } from './room.ts';
import { Shelf } from './shelf.ts';
import type { DirectoryStore, VerifiedNumber } from './store.ts';

const MAX_NUMBERS = 1_000;

/** Numbers that customers may show as caller ID because the operator has verified that they are theirs. */
export class VerifiedNumbers {
  #making: Making;
  #rows: Shelf<VerifiedNumber>;

  constructor(rows: VerifiedNumber[], store: DirectoryStore, making: Making) {
    this.#making = making;
    this.#rows = new Shelf(rows, (row) => nameOf(row), {
      save: (row) => store.saveVerifiedNumber(row),
      delete: (id) => store.deleteVerifiedNumber(id),
    });
  }

  /** @param number E.164, or anything that `normaliseNumber` makes that of. */
  has(customerId: string, number: string): boolean {
    return this.#rows.named(nameOf({ customerId, numberE164: normaliseNumber(number) })) !== undefined;
  }

  get(id: string): VerifiedNumber | undefined {
    return this.#rows.get(id);
  }

  /** Newest first. */
  list(customerId: string, page: PageRequest): Page<VerifiedNumber> {
    return this.#rows.page((row) => row.customerId === customerId, page);
  }

  /** @throws Failure `customer_not_found`, `number_exists`, `limit_reached`, `invalid_request`. */
  async create(customerId: string, number: string): Promise<VerifiedNumber> {
    const { clock, ids, requireCustomer } = this.#making;
    requireCustomer(customerId);
    requireRoom(this.#rows.all(), customerId, MAX_NUMBERS);
    const numberE164 = normaliseNumber(number);
    if (!isE164(numberE164))
      throw new Failure('invalid_request', 'number_e164 must be E.164, as +15550100000');
    if (this.#rows.holderOf(nameOf({ customerId, numberE164 })) !== undefined)
      throw new Failure('number_exists', 'the number is verified already');
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
