import type { Kysely, Migration } from 'kysely';

/** Renames the table of BYE requests that are sent after a restart. */
export const pendingByes: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('farewells').renameTo('pending_byes').execute();
    await db.schema.alterTable('pending_byes').renameColumn('farewell', 'pending_bye').execute();
  },
};
