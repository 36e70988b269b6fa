import type { Page, PageRequest } from '../calls/index.ts';
import { Failure } from '../core/index.ts';
import type { Applications } from './applications.ts';
import { isE164, normalizeNumber, withPlus } from './number.ts';
import { type Changes, type DirectoryDeps, withChanges } from './records.ts';
import type { Did, DirectoryStore } from './store.ts';
import { WriteThroughTable } from './write-through-table.ts';

/** The fields of a number that can be set. */
export type DidFields = Omit<Did, 'id' | 'customerId' | 'createdAt' | 'updatedAt'>;

export type NewDid = Pick<Did, 'customerId' | 'numberE164'> & Changes<DidFields>;

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

/** The numbers that callers dial (direct inward dialing), each of them once. */
export class Dids {
  #deps: DirectoryDeps;
  #rows: WriteThroughTable<Did>;
  #applications: Applications;

  constructor(rows: Did[], store: DirectoryStore, applications: Applications, deps: DirectoryDeps) {
    this.#deps = deps;
    this.#applications = applications;
    this.#rows = new WriteThroughTable(rows, (row) => row.numberE164, {
      save: (row) => store.saveDid(row),
      delete: (id) => store.deleteDid(id),
    });
  }

  get(id: string): Did | undefined {
    return this.#rows.get(id);
  }

  /** @param number E.164, with or without its plus, or a form that `normalizeNumber` converts to it. */
  byNumber(number: string): Did | undefined {
    return this.#rows.byName(numberOf(number));
  }

  /** Lists the numbers that match the filter, newest first. */
  list(filter: DidFilter, page: PageRequest): Page<Did> {
    const { customerId, applicationId } = filter;
    const wanted = (row: Did) =>
      (customerId === undefined || row.customerId === customerId) &&
      (applicationId === undefined || row.applicationId === applicationId);
    return this.#rows.page(wanted, page);
  }

  /** @throws Failure `customer_not_found`, `application_not_found`, `number_exists`, `invalid_request`. */
  async create({ customerId, numberE164, ...more }: NewDid): Promise<Did> {
    this.#deps.requireCustomer(customerId);
    const now = this.#deps.clock.now();
    const id = this.#deps.ids.next('did');
    const bare = { id, customerId, ...defaults, numberE164, createdAt: now, updatedAt: now };
    return this.#rows.put(this.#checked(withChanges<Did>(bare, more)));
  }

  /** @throws Failure `not_found`, and those of `create`. */
  async update(id: string, fields: Changes<DidFields>): Promise<Did> {
    const updatedAt = this.#deps.clock.now();
    return this.#rows.change(id, (row) =>
      this.#checked({ ...withChanges<Did>(existing(row), fields), updatedAt }),
    );
  }

  /** @throws Failure `not_found`. */
  async delete(id: string): Promise<void> {
    await this.#rows.change(id, (row) => void existing(row));
  }

  /** Unassigns the numbers of a deleted application, as the store has already done. */
  unassign(applicationId: string): void {
    const isAssigned = (row: Did) => row.applicationId === applicationId;
    const unassigned = (row: Did) => (isAssigned(row) ? { ...row, applicationId: null } : row);
    for (const { id } of [...this.#rows.claims()].filter(isAssigned))
      this.#rows.applyFromStore(id, unassigned);
  }

  #checked(row: Did): Did {
    const numberE164 = numberOf(row.numberE164);
    if (!isE164(numberE164))
      throw new Failure('invalid_request', 'number_e164 must be E.164, such as +15550100000');
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

/** Normalizes a number from a field that is E.164 by definition, so it needs no plus. */
function numberOf(text: string): string {
  const number = normalizeNumber(text);
  return isE164(number) ? number : (withPlus(number) ?? number);
}
