import type { Insertable, Kysely } from 'kysely';
import { Failure } from '../core/index.ts';
import type { DirectoryStore } from '../directory/index.ts';
import type { Readers, RowReader } from './row-reader.ts';
import { type Table, type Tables, tables } from './tables/index.ts';

/** Reads and writes the rows of the directory. */
export function directoryStore(db: Kysely<Tables>, readers: Readers): Omit<DirectoryStore, 'quarantine'> {
  const customers = recordStore(db, 'customers', tables.customers, readers.customers);
  const applications = recordStore(db, 'applications', tables.applications, readers.applications);
  const keys = recordStore(db, 'apiKeys', tables.apiKeys, readers.apiKeys);
  const dids = recordStore(db, 'dids', tables.dids, readers.dids);
  const trunks = recordStore(db, 'trunks', tables.trunks, readers.trunks);
  const phones = recordStore(db, 'phones', tables.phones, readers.phones);
  const verifiedNumbers = recordStore(db, 'verifiedNumbers', tables.verifiedNumbers, readers.verifiedNumbers);
  return {
    load: async () => ({
      customers: await customers.all(),
      applications: await applications.all(),
      keys: await keys.all(),
      dids: await dids.all(),
      trunks: await trunks.all(),
      phones: await phones.all(),
      verifiedNumbers: await verifiedNumbers.all(),
    }),
    saveCustomer: customers.save,
    saveApplication: applications.save,
    deleteApplication: applications.delete,
    saveKey: keys.save,
    deleteKey: keys.delete,
    saveDid: dids.save,
    deleteDid: dids.delete,
    saveTrunk: trunks.save,
    deleteTrunk: trunks.delete,
    savePhone: phones.save,
    deletePhone: phones.delete,
    saveVerifiedNumber: verifiedNumbers.save,
    deleteVerifiedNumber: verifiedNumbers.delete,
  };
}

type Name = 'customers' | 'applications' | 'apiKeys' | 'dids' | 'trunks' | 'phones' | 'verifiedNumbers';

function recordStore<T extends object>(
  db: Kysely<Tables>,
  name: Name,
  table: Table<T>,
  reader: RowReader<T>,
) {
  return {
    async all(): Promise<T[]> {
      return reader.all(await db.selectFrom(name).selectAll().orderBy('id').execute());
    },
    // An update in place, never a replacement: deleting the row would delete its API keys too.
    async save(record: T): Promise<void> {
      const row = table.toRow(record) as Insertable<Tables[Name]>;
      const insert = db.insertInto(name).values(row);
      const saved = insert.onConflict((conflict) => conflict.column('id').doUpdateSet(row)).execute();
      await saved.catch((error) => {
        throw isTaken(error) ? taken(error) : error;
      });
    },
    async delete(id: string): Promise<void> {
      await db.deleteFrom(name).where('id', '=', id).execute();
    },
  };
}

/** SQLITE_CONSTRAINT_UNIQUE and SQLITE_CONSTRAINT_PRIMARYKEY. */
const isTaken = (error: unknown): boolean =>
  [2067, 1555].includes((error as { errcode?: number }).errcode ?? 0);

/** The directory checks names itself. Only a damaged row, which it does not know, can have the name too. */
const taken = (cause: unknown) =>
  new Failure('stored_row_unusable', 'a damaged row has this name: delete it at /admin/v1/quarantine', {
    cause,
  });
