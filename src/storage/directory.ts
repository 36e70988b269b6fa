import type { Insertable, Kysely } from 'kysely';
import type {
  ApiKey,
  Application,
  Customer,
  Did,
  DirectoryStore,
  Phone,
  Trunk,
  VerifiedNumber,
} from '../directory/index.ts';
import {
  applicationLayout,
  customerLayout,
  didLayout,
  fromRow,
  keyLayout,
  type Layout,
  phoneLayout,
  type Tables,
  toRow,
  trunkLayout,
  verifiedNumberLayout,
} from './layouts.ts';

/** Who is who, row by row, by any database that Kysely speaks to. */
export function directoryStore(db: Kysely<Tables>): DirectoryStore {
  const customers = table<Customer>(db, 'customers', customerLayout);
  const applications = table<Application>(db, 'applications', applicationLayout);
  const keys = table<ApiKey>(db, 'apiKeys', keyLayout);
  const dids = table<Did>(db, 'dids', didLayout);
  const trunks = table<Trunk>(db, 'trunks', trunkLayout);
  const phones = table<Phone>(db, 'phones', phoneLayout);
  const verifiedNumbers = table<VerifiedNumber>(db, 'verifiedNumbers', verifiedNumberLayout);
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

function table<T extends { id: string }>(db: Kysely<Tables>, name: Name, layout: Layout<T>) {
  return {
    async all(): Promise<T[]> {
      const rows = await db.selectFrom(name).selectAll().orderBy('id').execute();
      return rows.map((row) => fromRow(layout, row));
    },
    // An update in place, never a replacement: deleting the row would take its keys with it.
    async save(record: T): Promise<void> {
      const row = toRow(layout, record) as Insertable<Tables[Name]>;
      const insert = db.insertInto(name).values(row);
      await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(row)).execute();
    },
    async delete(id: string): Promise<void> {
      await db.deleteFrom(name).where('id', '=', id).execute();
    },
  };
}
