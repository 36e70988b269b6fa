import type { DirectoryRows, DirectoryStore } from '../store.ts';

/** A store that forgets with the process; `rows` shows what lies in it, and `broken` makes every write fail. */
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

  async #save<K extends keyof DirectoryRows>(kind: K, row: DirectoryRows[K][0]): Promise<void> {
    await this.#delete(kind, row.id);
    (this.rows[kind] as { id: string }[]).push(structuredClone(row));
  }

  async #delete(kind: keyof DirectoryRows, id: string): Promise<void> {
    if (this.broken) throw new Error('disk full');
    const rows: { id: string }[] = this.rows[kind];
    const at = rows.findIndex((row) => row.id === id);
    if (at >= 0) rows.splice(at, 1);
  }
}
