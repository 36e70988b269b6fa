import { type Kysely, type Migration, sql } from 'kysely';

/** Finds events that contain sealed digits by their age. */
export const sealedDigits: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create index events_sealed on events (created_at) where data like '{%"sealed_digits":"%'`.execute(
      db,
    );
  },
};
