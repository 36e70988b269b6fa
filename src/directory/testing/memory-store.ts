import type { DirectoryRows, DirectoryStore } from '../store.ts';

type Kind = keyof DirectoryRows;

/** The unique key of each kind of row: the constraints of the database. */
const UNIQUE: { [K in Kind]?: (row: DirectoryRows[K][0]) => string } = {
  keys: (row) => row.sha256,
  dids: (row) => row.numberE164,
  phones: (row) => row.username,
  verifiedNumbers: (row) => `${row.customerId} ${row.numberE164}`,
};

/** The properties that may be null; all others must have a value. */
const NULLABLE = new Set([
  ...['fallbackAnswerUrl', 'webhookUrl', 'faultMessage', 'voice', 'language', 'scorecard', 'ai', 'expiresAt'],
  ...[
    'applicationId',
    'routingTarget',
    'username',
    'password',
    'realm',
    'fromDomain',
    'inboundIp',
    'country',
  ],
  'customerId',
]);

/** A store in memory that refuses what the database refuses. `rows` shows its content; `broken` makes writes fail. */
export class MemoryDirectoryStore implements DirectoryStore {
  readonly rows: DirectoryRows = {
    customers: [],
    applications: [],
    keys: [],
    dids: [],
    trunks: [],
    phones: [],
    verifiedNumbers: [],
  };
  broken = false;

  quarantine = () => {};
  load = async () => structuredClone(this.rows);
  saveCustomer = (row: DirectoryRows['customers'][0]) => this.#save('customers', row);
  saveApplication = (row: DirectoryRows['applications'][0]) => this.#save('applications', row);
  saveKey = (row: DirectoryRows['keys'][0]) => this.#save('keys', row);
  saveDid = (row: DirectoryRows['dids'][0]) => this.#save('dids', row);
  saveTrunk = (row: DirectoryRows['trunks'][0]) => this.#save('trunks', row);
  savePhone = (row: DirectoryRows['phones'][0]) => this.#save('phones', row);
  saveVerifiedNumber = (row: DirectoryRows['verifiedNumbers'][0]) => this.#save('verifiedNumbers', row);
  deleteVerifiedNumber = (id: string) => this.#delete('verifiedNumbers', id);
  deleteKey = (id: string) => this.#delete('keys', id);
  deletePhone = (id: string) => this.#delete('phones', id);
  deleteDid = (id: string) => this.#delete('dids', id);
  deleteTrunk = (id: string) => this.#delete('trunks', id);

  async deleteApplication(id: string): Promise<void> {
    await this.#delete('applications', id);
    this.rows.keys = this.rows.keys.filter((key) => key.applicationId !== id);
    for (const did of this.rows.dids) if (did.applicationId === id) did.applicationId = null;
  }

  async #save<K extends Kind>(kind: K, row: DirectoryRows[K][0]): Promise<void> {
    if (this.broken) throw new Error('disk full');
    const rows = this.rows[kind] as DirectoryRows[K][0][];
    this.#check(kind, row, rows);
    const kept = JSON.parse(JSON.stringify(row), (_, value) =>
      typeof value === 'string' ? value.toWellFormed() : value,
    );
    const at = rows.findIndex(({ id }) => id === row.id);
    if (at >= 0) rows[at] = kept;
    else rows.push(kept);
  }

  #check<K extends Kind>(kind: K, row: DirectoryRows[K][0], rows: DirectoryRows[K][0][]): void {
    for (const [name, value] of Object.entries(row)) {
      const isMissing = value === null || value === undefined || Number.isNaN(value);
      const isNullable = NULLABLE.has(name) && !(kind === 'phones' && name === 'username');
      if (isMissing && !isNullable) throw new Error(`NOT NULL constraint failed: ${kind}.${name}`);
    }
    const unique = UNIQUE[kind];
    const namesake = unique && rows.find((other) => other.id !== row.id && unique(other) === unique(row));
    if (namesake) throw new Error(`UNIQUE constraint failed: ${kind}`);
    const application = 'applicationId' in row ? row.applicationId : null;
    if (application !== null && !this.rows.applications.some(({ id }) => id === application))
      throw new Error('FOREIGN KEY constraint failed');
  }

  async #delete(kind: Kind, id: string): Promise<void> {
    if (this.broken) throw new Error('disk full');
    const rows: { id: string }[] = this.rows[kind];
    const at = rows.findIndex((row) => row.id === id);
    if (at >= 0) rows.splice(at, 1);
  }
}
