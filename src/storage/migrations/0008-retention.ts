import { type CreateTableBuilder, type Kysely, type Migration, sql } from 'kysely';

/** What deleting needs to remember, and indexes by which what is old, or due, is found. */
export const retention: Migration = {
  async up(db: Kysely<unknown>) {
    for (const table of [erasures, fileDeletions, carriedCharges, carriedUsage]) await table(db);
    await db.schema.createIndex('charges_by_settled_at').on('charges').column('settled_at').execute();
    // SQLite prefers an index that begins with what is equal: the one of 0007 was never used.
    await db.schema.dropIndex('events_parked').execute();
    const parked = sql`create index events_parked on events (state, next_attempt_at) where attempts >= 3`;
    await parked.execute(db);
  },
};

type Columns = CreateTableBuilder<string, string>;

function required(table: Columns, type: 'text' | 'bigint' | 'integer', ...names: string[]): Columns {
  return names.reduce((all, name) => all.addColumn(name, type, (column) => column.notNull()), table);
}

/** Calls that are gone, and whose other rows are still to go. */
async function erasures(db: Kysely<unknown>): Promise<void> {
  const table = db.schema.createTable('erasures');
  await required(
    table.addColumn('call_id', 'text', (column) => column.primaryKey()),
    'bigint',
    'at',
  ).execute();
}

/** Files in the folder of recordings that no row names any more. */
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

/** The sums of charges that were deleted, without which balances would be wrong. */
async function carriedCharges(db: Kysely<unknown>): Promise<void> {
  const table = db.schema.createTable('carried_charges');
  const t = table.addColumn('customer_id', 'text', (column) => column.primaryKey());
  await required(t, 'bigint', 'amount').execute();
}

/** By day of creation: the sums of calls that were deleted, without which usage would be wrong. */
async function carriedUsage(db: Kysely<unknown>): Promise<void> {
  let t: Columns = required(db.schema.createTable('carried_usage'), 'text', 'application_id');
  t = required(t, 'bigint', 'day', 'calls', 'billsec_seconds', 'cost');
  await t.addPrimaryKeyConstraint('carried_usage_by_application_day', ['application_id', 'day']).execute();
}
