import { type Kysely, type Migration, sql } from 'kysely';

/** Finds events whose delivery has failed repeatedly by the time of their next attempt. */
export const parkedEvents: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create index events_parked on events (next_attempt_at) where state = 'pending' and attempts >= 3`.execute(
      db,
    );
  },
};
