import type { Page, PageRequest } from '../calls/index.ts';
import { Failure } from '../core/index.ts';
import type { ApiKeys } from './api-keys.ts';
import { type Changes, type DirectoryDeps, requireBelowLimit, withChanges } from './records.ts';
import type { Application, DirectoryStore } from './store.ts';
import { WriteThroughTable } from './write-through-table.ts';

/** The fields of an application that can be set. */
export type ApplicationFields = Omit<Application, 'id' | 'customerId' | 'createdAt' | 'updatedAt'>;

export type NewApplication = Pick<Application, 'customerId' | 'name' | 'answerUrl'> &
  Changes<ApplicationFields>;

const MAX_APPLICATIONS = 1_000;

const defaults: Omit<ApplicationFields, 'name' | 'answerUrl'> = {
  answerMethod: 'POST',
  fallbackAnswerUrl: null,
  webhookUrl: null,
  webhookSecrets: [],
  faultMessage: null,
  voice: null,
  language: null,
  aiEnabled: true,
  recordCalls: false,
  aiEvents: false,
  scorecard: null,
  ai: null,
};

/** The applications of all customers. */
export class Applications {
  #deps: DirectoryDeps;
  #rows: WriteThroughTable<Application>;
  #keys: ApiKeys;

  /** @param store receives applications with plain secrets, and must seal them. */
  constructor(rows: Application[], keys: ApiKeys, store: DirectoryStore, deps: DirectoryDeps) {
    this.#deps = deps;
    this.#keys = keys;
    this.#rows = new WriteThroughTable(rows, (row) => row.id, {
      save: (row) => store.saveApplication(row),
      delete: (id) => store.deleteApplication(id),
    });
  }

  get(id: string): Application | undefined {
    return this.#rows.get(id);
  }

  /** @throws Failure `application_not_found`. */
  require(id: string): Application {
    return existing(this.#rows.get(id));
  }

  of(customerId: string): Application[] {
    return [...this.#rows.all()].filter((row) => row.customerId === customerId);
  }

  /** Lists the applications of one customer or of all, newest first. */
  list(filter: { customerId?: string | undefined }, page: PageRequest): Page<Application> {
    const { customerId } = filter;
    return this.#rows.page((row) => customerId === undefined || row.customerId === customerId, page);
  }

  async create(fields: NewApplication): Promise<{ application: Application; apiKey: string }> {
    const now = this.#deps.clock.now();
    const { customerId, name, answerUrl, ...more } = fields;
    this.#deps.requireCustomer(customerId);
    requireBelowLimit(this.#rows.all(), customerId, MAX_APPLICATIONS);
    const id = this.#deps.ids.next('app');
    const bare = { id, customerId, ...defaults, name, answerUrl, createdAt: now, updatedAt: now };
    const application = await this.#rows.put(named(withChanges<Application>(bare, more)));
    return { application, apiKey: await this.#keys.create(application.id) };
  }

  async update(id: string, fields: Changes<ApplicationFields>): Promise<Application> {
    const updatedAt = this.#deps.clock.now();
    return this.#rows.change(id, (row) =>
      named({ ...withChanges<Application>(existing(row), fields), updatedAt }),
    );
  }

  /** Deletes an application with its keys. */
  async delete(id: string): Promise<void> {
    await this.#rows.change(id, (row) => void existing(row));
    this.#keys.forget(id);
  }
}

function existing(row: Application | undefined): Application {
  if (!row) throw new Failure('application_not_found', 'application not found');
  return row;
}

function named(row: Application): Application {
  if (row.name.trim() === '') throw new Failure('invalid_request', 'name is required');
  return row;
}
