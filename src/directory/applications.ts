import type { Page, PageRequest } from '../calls/index.ts';
import { type Clock, Failure, type Ids, type Random } from '../core/index.ts';
import { changed, type Some } from './changes.ts';
import { hashKey, hintOf, makeKey } from './key.ts';
import { requireRoom } from './room.ts';
import { Shelf } from './shelf.ts';
import type { ApiKey, Application, DirectoryRows, DirectoryStore } from './store.ts';

/** What can be set on an application. */
export type ApplicationFields = Omit<Application, 'id' | 'customerId' | 'createdAt' | 'updatedAt'>;

export type NewApplication = Pick<Application, 'customerId' | 'name' | 'answerUrl'> & Some<ApplicationFields>;

/** What the rows of the directory are made with. */
export interface Making {
  clock: Clock;
  ids: Ids;
  random: Random;
  /** @throws Failure `customer_not_found`. */
  requireCustomer(id: string): void;
}

/** Keys of one application that open at the same time. */
const MAX_KEYS = 5;
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

/** Applications and the keys that open them. */
export class Applications {
  #making: Making;
  #rows: Shelf<Application>;
  #keys: Shelf<ApiKey>;

  /** @param store saves applications as they are handed to it: secrets are sealed before. */
  constructor(rows: DirectoryRows, store: DirectoryStore, making: Making) {
    this.#making = making;
    this.#rows = new Shelf(rows.applications, (row) => row.id, {
      save: (row) => store.saveApplication(row),
      delete: (id) => store.deleteApplication(id),
    });
    this.#keys = new Shelf(rows.keys, (row) => row.sha256, {
      save: (row) => store.saveKey(row),
      delete: (id) => store.deleteKey(id),
    });
  }

  get(id: string): Application | undefined {
    return this.#rows.get(id);
  }

  of(customerId: string): Application[] {
    return [...this.#rows.all()].filter((row) => row.customerId === customerId);
  }

  /** Newest first, of one customer or of all. */
  list(filter: { customerId?: string | undefined }, page: PageRequest): Page<Application> {
    const { customerId } = filter;
    return this.#rows.page((row) => customerId === undefined || row.customerId === customerId, page);
  }

  async create(fields: NewApplication): Promise<{ application: Application; apiKey: string }> {
    const now = this.#making.clock.now();
    const { customerId, name, answerUrl, ...more } = fields;
    this.#making.requireCustomer(customerId);
    requireRoom(this.#rows.all(), customerId, MAX_APPLICATIONS);
    const id = this.#making.ids.next('app');
    const bare = { id, customerId, ...defaults, name, answerUrl, createdAt: now, updatedAt: now };
    const application = await this.#rows.put(named(changed<Application>(bare, more)));
    return { application, apiKey: await this.#addKey(application.id) };
  }

  async update(id: string, fields: Some<ApplicationFields>): Promise<Application> {
    const updatedAt = this.#making.clock.now();
    return this.#rows.change(id, (row) =>
      named({ ...changed<Application>(existing(row), fields), updatedAt }),
    );
  }

  /** Its keys go with it. */
  async delete(id: string): Promise<void> {
    await this.#rows.change(id, (row) => void existing(row));
    for (const key of this.keys(id)) this.#keys.follow(key.id, () => undefined);
  }

  /** Oldest first, expired ones too. */
  keys(applicationId: string): ApiKey[] {
    return [...this.#keys.all()].filter((key) => key.applicationId === applicationId);
  }

  /**
   * The earlier keys go on opening for `graceSeconds`, so that programs can be changed over, but no more than
   * `MAX_KEYS` with the new one. Those that open nothing any more are forgotten.
   */
  async rotateKey(applicationId: string, graceSeconds: number): Promise<string> {
    const now = this.#making.clock.now();
    const end = now + graceSeconds * 1000;
    const known = this.keys(existing(this.#rows.get(applicationId)).id);
    const earlier = known
      .filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
      .slice(1 - MAX_KEYS);
    const apiKey = await this.#addKey(applicationId);
    for (const { id } of known.filter((key) => !earlier.includes(key)))
      await this.#keys.change(id, () => undefined);
    for (const { id } of earlier) await this.#keys.change(id, (key) => endingBy(end, key));
    return apiKey;
  }

  authenticate(apiKey: string): Application | undefined {
    const key = this.#keys.named(hashKey(apiKey));
    if (!key || (key.expiresAt !== null && key.expiresAt <= this.#making.clock.now())) return undefined;
    return this.#rows.get(key.applicationId);
  }

  async #addKey(applicationId: string): Promise<string> {
    const { clock, ids, random } = this.#making;
    const apiKey = makeKey(random);
    await this.#keys.put({
      id: ids.next('key'),
      applicationId,
      sha256: hashKey(apiKey),
      hint: hintOf(apiKey),
      createdAt: clock.now(),
      expiresAt: null,
    });
    return apiKey;
  }
}

function existing(row: Application | undefined): Application {
  if (!row) throw new Failure('application_not_found', 'application not found');
  return row;
}

/** The key, if it is still there, ends no later than this. */
function endingBy(end: number, key: ApiKey | undefined): ApiKey | undefined {
  const ends = key?.expiresAt ?? null;
  return key && (ends === null || ends > end) ? { ...key, expiresAt: end } : key;
}

function named(row: Application): Application {
  if (row.name.trim() === '') throw new Failure('invalid_request', 'name is required');
  return row;
}
