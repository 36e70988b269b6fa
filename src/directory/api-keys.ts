import { createHash } from 'node:crypto';
import type { Random } from '../core/index.ts';
import type { DirectoryDeps } from './records.ts';
import type { ApiKey, DirectoryStore } from './store.ts';
import { WriteThroughTable } from './write-through-table.ts';

/** API keys of one application that are valid at the same time. */
const MAX_KEYS = 5;

const PREFIX = 'mv_live_';

/** The API keys of all applications. Only a hash of each key is kept. */
export class ApiKeys {
  #deps: DirectoryDeps;
  #rows: WriteThroughTable<ApiKey>;

  constructor(rows: ApiKey[], store: DirectoryStore, deps: DirectoryDeps) {
    this.#deps = deps;
    this.#rows = new WriteThroughTable(rows, (row) => row.sha256, {
      save: (row) => store.saveKey(row),
      delete: (id) => store.deleteKey(id),
    });
  }

  /** Returns the application's keys, oldest first, including expired ones. */
  of(applicationId: string): ApiKey[] {
    return [...this.#rows.all()].filter((key) => key.applicationId === applicationId);
  }

  /** Returns the key, unless it is unknown or has expired. */
  find(apiKey: string): ApiKey | undefined {
    const key = this.#rows.byName(hashOf(apiKey));
    return key && (key.expiresAt === null || key.expiresAt > this.#deps.clock.now()) ? key : undefined;
  }

  /** Creates a key. @returns its text, which cannot be read again. */
  async create(applicationId: string): Promise<string> {
    const { clock, ids, random } = this.#deps;
    const apiKey = newKey(random);
    await this.#rows.put({
      id: ids.next('key'),
      applicationId,
      sha256: hashOf(apiKey),
      hint: apiKey.slice(0, PREFIX.length + 4),
      createdAt: clock.now(),
      expiresAt: null,
    });
    return apiKey;
  }

  /**
   * Creates a key. Earlier keys stay valid for `graceSeconds`, so that programs can switch to the new one. Keeps at
   * most `MAX_KEYS` valid keys, and deletes those that are no longer valid.
   */
  async rotate(applicationId: string, graceSeconds: number): Promise<string> {
    const now = this.#deps.clock.now();
    const end = now + graceSeconds * 1000;
    const known = this.of(applicationId);
    const earlier = known
      .filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
      .slice(1 - MAX_KEYS);
    const apiKey = await this.create(applicationId);
    for (const { id } of known.filter((key) => !earlier.includes(key)))
      await this.#rows.change(id, () => undefined);
    for (const { id } of earlier) await this.#rows.change(id, (key) => endingBy(end, key));
    return apiKey;
  }

  /** Forgets the keys of an application that the store has deleted together with them. */
  forget(applicationId: string): void {
    for (const key of this.of(applicationId)) this.#rows.applyFromStore(key.id, () => undefined);
  }
}

/** Returns a new API key: 192 random bits. */
const newKey = (random: Random): string => PREFIX + random.bytes(24).toString('hex');

/** Hex SHA-256. A slower hash is not needed: unlike a password, a key cannot be guessed. */
const hashOf = (apiKey: string): string => createHash('sha256').update(apiKey).digest('hex');

/** Returns the key, if it still exists, with an expiry no later than `end`. */
function endingBy(end: number, key: ApiKey | undefined): ApiKey | undefined {
  const ends = key?.expiresAt ?? null;
  return key && (ends === null || ends > end) ? { ...key, expiresAt: end } : key;
}
