import { type Kysely, type Migration, sql } from 'kysely';

/** Events that wait for a receiver which has been away for long are found by when they are due. */
export const parkedEvents: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create index events_parked on events (next_attempt_at) where state = 'pending' and attempts >= 3`.execute(
      db,
    );
  },
};
