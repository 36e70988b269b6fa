import type { Kysely, Migration } from 'kysely';

/** Phones that register with this server. */
export const phones: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('phones')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('customer_id', 'text', (column) => column.notNull())
      .addColumn('username', 'text', (column) => column.notNull().unique())
      .addColumn('ha1', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute();
  },
};
