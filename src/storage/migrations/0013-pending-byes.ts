import type { Kysely, Migration } from 'kysely';

/** Names the table of BYE requests to be sent after a restart for what it holds. */
export const pendingByes: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('farewells').renameTo('pending_byes').execute();
    await db.schema.alterTable('pending_byes').renameColumn('farewell', 'pending_bye').execute();
  },
};
