import type { Page, PageRequest } from '../calls/index.ts';
import { Failure } from '../core/index.ts';
import type { Applications, Making } from './applications.ts';
import { changed, type Some } from './changes.ts';
import { isE164, normaliseNumber, withPlus } from './number.ts';
import { Shelf } from './shelf.ts';
import type { Did, DirectoryStore } from './store.ts';

/** What can be set on a number. */
export type DidFields = Omit<Did, 'id' | 'customerId' | 'createdAt' | 'updatedAt'>;

export type NewDid = Pick<Did, 'customerId' | 'numberE164'> & Some<DidFields>;

export interface DidFilter {
  customerId?: string | undefined;
  applicationId?: string | undefined;
}

const defaults: Omit<DidFields, 'numberE164'> = {
  applicationId: null,
  provider: 'local',
  status: 'active',
  routeMode: 'webhook',
  routingTarget: null,
};

/** The numbers that the world calls (direct inward dialing), each of them once. */
export class Dids {
  #making: Making;
  #rows: Shelf<Did>;
  #applications: Applications;

  constructor(rows: Did[], store: DirectoryStore, applications: Applications, making: Making) {
    this.#making = making;
    this.#applications = applications;
    this.#rows = new Shelf(rows, (row) => row.numberE164, {
      save: (row) => store.saveDid(row),
      delete: (id) => store.deleteDid(id),
    });
  }

  get(id: string): Did | undefined {
    return this.#rows.get(id);
  }

  /** @param number E.164, with or without its plus, or anything that `normaliseNumber` makes that of. */
  byNumber(number: string): Did | undefined {
    return this.#rows.named(numberOf(number));
  }

  /** Newest first. */
  list(filter: DidFilter, page: PageRequest): Page<Did> {
    const { customerId, applicationId } = filter;
    const wanted = (row: Did) =>
      (customerId === undefined || row.customerId === customerId) &&
      (applicationId === undefined || row.applicationId === applicationId);
    return this.#rows.page(wanted, page);
  }

  /** @throws Failure `customer_not_found`, `application_not_found`, `number_exists`, `invalid_request`. */
  async create({ customerId, numberE164, ...more }: NewDid): Promise<Did> {
    this.#making.requireCustomer(customerId);
    const now = this.#making.clock.now();
    const id = this.#making.ids.next('did');
    const bare = { id, customerId, ...defaults, numberE164, createdAt: now, updatedAt: now };
    return this.#rows.put(this.#checked(changed<Did>(bare, more)));
  }

  /** @throws Failure `not_found`, and those of `create`. */
  async update(id: string, fields: Some<DidFields>): Promise<Did> {
    const updatedAt = this.#making.clock.now();
    return this.#rows.change(id, (row) =>
      this.#checked({ ...changed<Did>(existing(row), fields), updatedAt }),
    );
  }

  /** @throws Failure `not_found`. */
  async delete(id: string): Promise<void> {
    await this.#rows.change(id, (row) => void existing(row));
  }

  /** An application is gone; the store has unassigned its numbers too. */
  unassign(applicationId: string): void {
    const its = (row: Did) => row.applicationId === applicationId;
    const unassigned = (row: Did) => (its(row) ? { ...row, applicationId: null } : row);
    for (const { id } of [...this.#rows.claims()].filter(its)) this.#rows.follow(id, unassigned);
  }

  #checked(row: Did): Did {
    const numberE164 = numberOf(row.numberE164);
    if (!isE164(numberE164))
      throw new Failure('invalid_request', 'number_e164 must be E.164, as +15550100000');
    const holder = this.#rows.holderOf(numberE164);
    if (holder !== undefined && holder !== row.id)
      throw new Failure('number_exists', 'number_e164 already exists');
    if (row.routeMode === 'sip' && !/^sips?:/i.test(row.routingTarget ?? '')) {
      throw new Failure('invalid_request', 'routing_target must be a SIP URI when route_mode is sip');
    }
    this.#checkApplication(row);
    return { ...row, numberE164 };
  }

  #checkApplication({ applicationId, customerId }: Did): void {
    if (applicationId === null) return;
    if (this.#applications.get(applicationId)?.customerId === customerId) return;
    throw new Failure('application_not_found', 'application not found');
  }
}

function existing(row: Did | undefined): Did {
  if (!row) throw new Failure('not_found', 'DID not found');
  return row;
}

/** A field that is E.164 by its name needs no plus. */
function numberOf(text: string): string {
  const number = normaliseNumber(text);
  return isE164(number) ? number : (withPlus(number) ?? number);
}
