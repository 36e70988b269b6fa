import type { CreateTableBuilder, Kysely, Migration } from 'kysely';

type Columns = CreateTableBuilder<string, string>;

/** Accounts, rates, adjustments, and the charges of legs. Amounts are millionths in a bigint. */
export const billing: Migration = {
  async up(db: Kysely<unknown>) {
    for (const table of [accounts, rates, adjustments, charges]) await table(db);
    const alter = () => db.schema.alterTable('calls');
    await alter().addColumn('cost_amount', 'bigint').execute();
    await alter().addColumn('cost_currency', 'text').execute();
  },
};

function table(db: Kysely<unknown>, name: string, key: string): Columns {
  return db.schema.createTable(name).addColumn(key, 'text', (column) => column.primaryKey());
}

function required(table: Columns, type: 'text' | 'bigint' | 'integer', ...names: string[]): Columns {
  return names.reduce((all, name) => all.addColumn(name, type, (column) => column.notNull()), table);
}

async function index(db: Kysely<unknown>, table: string, ...columns: string[]): Promise<void> {
  const name = `${table}_by_${columns.join('_')}`;
  await db.schema.createIndex(name).on(table).columns(columns).execute();
}

async function accounts(db: Kysely<unknown>): Promise<void> {
  let t = required(table(db, 'accounts', 'customer_id'), 'text', 'currency', 'spend_period');
  t = required(t, 'integer', 'billing');
  t = t.addColumn('spend_limit', 'bigint').addColumn('calls_per_second', 'integer');
  t = required(t.addColumn('concurrent_calls', 'integer'), 'bigint', 'updated_at');
  await t.execute();
}

async function rates(db: Kysely<unknown>): Promise<void> {
  let t = required(table(db, 'rates', 'id').addColumn('customer_id', 'text'), 'text', 'prefix', 'currency');
  t = required(t, 'bigint', 'price_per_minute', 'created_at');
  await required(t, 'integer', 'first_increment', 'further_increment').execute();
  await index(db, 'rates', 'customer_id', 'id');
}

async function adjustments(db: Kysely<unknown>): Promise<void> {
  const t = required(table(db, 'adjustments', 'id'), 'text', 'customer_id', 'currency', 'note');
  await required(t, 'bigint', 'amount', 'created_at').execute();
  await index(db, 'adjustments', 'customer_id', 'id');
}

async function charges(db: Kysely<unknown>): Promise<void> {
  let t = required(table(db, 'charges', 'leg_id'), 'text', 'call_leg_id', 'call_id', 'customer_id');
  t = required(t, 'text', 'application_id', 'destination', 'prefix', 'currency', 'status');
  t = required(t, 'bigint', 'price_per_minute', 'reserved', 'amount', 'created_at');
  t = required(t, 'integer', 'first_increment', 'further_increment', 'billed_seconds');
  await t.addColumn('answered_at', 'bigint').addColumn('settled_at', 'bigint').execute();
  await index(db, 'charges', 'call_id');
  await index(db, 'charges', 'status');
  // All that the sums at the start need.
  await index(db, 'charges', 'customer_id', 'settled_at', 'amount');
}
