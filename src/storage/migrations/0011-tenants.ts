import { type Kysely, type Migration, sql } from 'kysely';

const COLUMNS = [
  ...['id', 'customer_id', 'name', 'proxy', 'username', 'password', 'realm', 'from_domain', 'inbound_ip'],
  ...['is_active', 'gateway_name', 'transport', 'register', 'srtp', 'country', 'created_at', 'updated_at'],
];

/**
 * Makes gateway names unique per customer, so that no customer can take a name from another. Adds the caller IDs that a
 * trunk allows, and the numbers that the operator has verified for a customer.
 */
export const tenants: Migration = {
  async up(db: Kysely<unknown>) {
    await trunks(db);
    await db.schema
      .createTable('verified_numbers')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('customer_id', 'text', (column) => column.notNull())
      .addColumn('number_e164', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addUniqueConstraint('verified_numbers_by_customer', ['customer_id', 'number_e164'])
      .execute();
  },
};

/** Moves the rows to a table without the constraint, because SQLite cannot drop one. */
async function trunks(db: Kysely<unknown>): Promise<void> {
  let table = db.schema.createTable('trunks_next').addColumn('id', 'text', (column) => column.primaryKey());
  const texts = ['customer_id', 'username', 'password', 'realm', 'from_domain', 'inbound_ip', 'country'];
  for (const name of texts) table = table.addColumn(name, 'text');
  for (const name of ['name', 'proxy', 'gateway_name', 'transport', 'caller_ids'])
    table = table.addColumn(name, 'text', (column) => column.notNull());
  for (const name of ['is_active', 'register', 'srtp', 'forward_caller_id'])
    table = table.addColumn(name, 'integer', (column) => column.notNull());
  for (const name of ['created_at', 'updated_at'])
    table = table.addColumn(name, 'bigint', (column) => column.notNull());
  await table.execute();
  const columns = sql.raw(COLUMNS.join(', '));
  await sql`insert into trunks_next (${columns}, caller_ids, forward_caller_id)
    select ${columns}, case when customer_id is null then 'owned' else 'any' end, 1 from trunks`.execute(db);
  await db.schema.dropTable('trunks').execute();
  await db.schema.alterTable('trunks_next').renameTo('trunks').execute();
}
