import type { Kysely, Migration } from 'kysely';

/** The BYE request for each connected peer, which the next process sends after a crash. */
export const farewells: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('farewells')
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('farewell', 'text', (column) => column.notNull())
      .execute();
  },
};
