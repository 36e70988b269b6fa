import type { Insertable, Kysely } from 'kysely';
import { Failure } from '../core/index.ts';
import type { DirectoryStore } from '../directory/index.ts';
import {
  applicationLayout,
  customerLayout,
  didLayout,
  keyLayout,
  type Layout,
  phoneLayout,
  type Tables,
  toRow,
  trunkLayout,
  verifiedNumberLayout,
} from './layouts.ts';
import type { Readers } from './readers.ts';
import type { RowReader } from './row-reader.ts';

/** Who is who, row by row, by any database that Kysely speaks to. */
export function directoryStore(db: Kysely<Tables>, readers: Readers): Omit<DirectoryStore, 'quarantine'> {
  const customers = table(db, 'customers', customerLayout, readers.customers);
  const applications = table(db, 'applications', applicationLayout, readers.applications);
  const keys = table(db, 'apiKeys', keyLayout, readers.apiKeys);
  const dids = table(db, 'dids', didLayout, readers.dids);
  const trunks = table(db, 'trunks', trunkLayout, readers.trunks);
  const phones = table(db, 'phones', phoneLayout, readers.phones);
  const verifiedNumbers = table(db, 'verifiedNumbers', verifiedNumberLayout, readers.verifiedNumbers);
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

/** SQLITE_CONSTRAINT_UNIQUE and SQLITE_CONSTRAINT_PRIMARYKEY. */
const isTaken = (error: unknown): boolean =>
  [2067, 1555].includes((error as { errcode?: number }).errcode ?? 0);

/** The directory knows who has a name: only a row that it does not know, since it is damaged, can have it too. */
const taken = (cause: unknown) =>
  new Failure('stored_row_unusable', 'a damaged row has this name: delete it at /admin/v1/quarantine', {
    cause,
  });

type Name = 'customers' | 'applications' | 'apiKeys' | 'dids' | 'trunks' | 'phones' | 'verifiedNumbers';

function table<T extends { id: string }>(
  db: Kysely<Tables>,
  name: Name,
  layout: Layout<T>,
  reader: RowReader<T>,
) {
  return {
    async all(): Promise<T[]> {
      return reader.all(await db.selectFrom(name).selectAll().orderBy('id').execute());
    },
    // An update in place, never a replacement: deleting the row would take its keys with it.
    async save(record: T): Promise<void> {
      const row = toRow(layout, record) as Insertable<Tables[Name]>;
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
