import type { Kysely, Migration } from 'kysely';

/** The last request to each peer that is in a call, for the process after a crash. */
export const farewells: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('farewells')
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('farewell', 'text', (column) => column.notNull())
      .execute();
  },
};
