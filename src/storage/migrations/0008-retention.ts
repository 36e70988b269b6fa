import { type CreateTableBuilder, type Kysely, type Migration, sql } from 'kysely';

/** Tables that deletions need, and indexes that find old or due rows. */
export const retention: Migration = {
  async up(db: Kysely<unknown>) {
    for (const table of [erasures, fileDeletions, carriedCharges, carriedUsage]) await table(db);
    await db.schema.createIndex('charges_by_settled_at').on('charges').column('settled_at').execute();
    // SQLite prefers an index that begins with a compared column: it never used the index of 0007.
    await db.schema.dropIndex('events_parked').execute();
    const parked = sql`create index events_parked on events (state, next_attempt_at) where attempts >= 3`;
    await parked.execute(db);
  },
};

type Columns = CreateTableBuilder<string, string>;

function required(table: Columns, type: 'text' | 'bigint' | 'integer', ...names: string[]): Columns {
  return names.reduce((all, name) => all.addColumn(name, type, (column) => column.notNull()), table);
}

/** Deleted calls with rows in other tables that are not deleted yet. */
async function erasures(db: Kysely<unknown>): Promise<void> {
  const table = db.schema.createTable('erasures');
  await required(
    table.addColumn('call_id', 'text', (column) => column.primaryKey()),
    'bigint',
    'at',
  ).execute();
}

/** Files in the recordings folder that no row refers to. */
async function fileDeletions(db: Kysely<unknown>): Promise<void> {
  const table = db.schema.createTable('file_deletions');
  const t = required(
    table.addColumn('file', 'text', (column) => column.primaryKey()),
    'bigint',
    'at',
    'due_at',
  );
  await required(t, 'integer', 'attempts').execute();
  await db.schema.createIndex('file_deletions_by_due_at').on('file_deletions').column('due_at').execute();
}

/** The sums of deleted charges, which balances include. */
async function carriedCharges(db: Kysely<unknown>): Promise<void> {
  const table = db.schema.createTable('carried_charges');
  const t = table.addColumn('customer_id', 'text', (column) => column.primaryKey());
  await required(t, 'bigint', 'amount').execute();
}

/** The sums of deleted calls by their day of creation, which usage includes. */
async function carriedUsage(db: Kysely<unknown>): Promise<void> {
  let t: Columns = required(db.schema.createTable('carried_usage'), 'text', 'application_id');
  t = required(t, 'bigint', 'day', 'calls', 'billsec_seconds', 'cost');
  await t.addPrimaryKeyConstraint('carried_usage_by_application_day', ['application_id', 'day']).execute();
}
